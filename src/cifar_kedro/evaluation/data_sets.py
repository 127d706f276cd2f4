"""Which data set runs have seen: those of two never meet in one report."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from cifar_kedro.config.data import (
    CIFAR10_CLASSES,
    CIFAR10_NAME,
    CIFAR10_SHAPE,
    ImageShape,
    LabelledImages,
)
from cifar_kedro.config.errors import SettingsError


class DataSet(NamedTuple):
    """A data set, as far as a report has to tell it from another.

    Attributes:
        name: What its raw dataset calls it.
        class_names: By label.
        image_shape: Side, side and channels of an image.
    """

    name: str
    class_names: tuple[str, ...]
    image_shape: ImageShape

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON holds it: lists, no tuples."""
        return {
            "name": self.name,
            "class_names": list(self.class_names),
            "image_shape": list(self.image_shape),
        }


# All runs were on it before they said on which.
CIFAR10 = DataSet(CIFAR10_NAME, CIFAR10_CLASSES, CIFAR10_SHAPE)


def describe_data_set(data: LabelledImages) -> DataSet:
    """Describe the data set of which images are."""
    _, side, _, channels = data["images"].shape
    names = tuple(data["class_names"].tolist())
    return DataSet(str(data["name"]), names, (side, side, channels))


def find_data_set(provenance: dict[str, Any] | None) -> DataSet:
    """Find the data set of a run in its provenance."""
    data = (provenance or {}).get("data")
    if not data:
        return CIFAR10
    side, _, channels = data["image_shape"]
    return DataSet(data["name"], tuple(data["class_names"]), (side, side, channels))


def check_same_data_set(provenance: dict[str, Any], test: LabelledImages) -> None:
    """Check that a network is measured on the data set that it has learned from.

    Raises:
        SettingsError: If the test images are of another one.
    """
    learned, measured = find_data_set(provenance), describe_data_set(test)
    if learned != measured:
        raise SettingsError(
            f"test images: received {_tell(measured)}, expected {_tell(learned)}, from which "
            "the network has learned. Train it on the present data: run its whole pipeline"
        )


def _tell(data: DataSet) -> str:
    side, _, channels = data.image_shape
    return (
        f"{data.name} ({len(data.class_names)} classes, {side} pixels a side, "
        f"channels: {channels})"
    )


def choose_data_set(
    test: LabelledImages, seen: Iterable[tuple[str, DataSet]]
) -> DataSet:
    """Choose the data set that a report is about.

    Args:
        test: The test images of today, which decide if they are there.
        seen: When a training started, and its data set: else that of the latest decides.
    """
    if "class_names" in test:
        return describe_data_set(test)
    _, latest = max(seen, default=("", CIFAR10))
    return CIFAR10 if test else latest
