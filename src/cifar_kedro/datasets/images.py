"""Checks of images at the boundaries: the catalog's ``validator``, at each load and save."""

from collections.abc import Sequence

import numpy as np

from cifar_kedro.config.data import LabelledImages, RawImages
from cifar_kedro.config.errors import SettingsError

MOST_NAMED = 10  # classes, in a message


def check_raw_images(data: RawImages) -> None:
    """Check a raw data set, as the data engineering pipeline takes it.

    Args:
        data: See `cifar_kedro.config.data.RawImages`.

    Raises:
        SettingsError: If keys, shapes, types or classes are others; the message names
            what was received and expected.
    """
    if set(data) != RawImages.__required_keys__:
        raise SettingsError(
            f"received the keys {sorted(data)}, expected "
            f"{sorted(RawImages.__required_keys__)}"
        )
    for part in ("train", "test"):
        _check(data[part], data["class_names"], np.uint8, name=f"{part} ")
    counts = count_classes(data["train"]["labels"], data["class_names"])
    if single := [str(key) for key, count in counts.items() if count < 2]:
        raise SettingsError(
            f"train labels: received one image of {len(single)} of {len(counts)} classes "
            f"({', '.join(single[:MOST_NAMED])}), expected two or more of each: one to "
            "train, one to validate"
        )
    train, test = (data[part]["images"].shape[1:] for part in ("train", "test"))
    if train != test:
        raise SettingsError(
            f"received train images of {train} and test images of {test}, expected one size"
        )


def check_images(data: LabelledImages) -> None:
    """Check labelled images, as the networks take them.

    Args:
        data: ``images``, float32 (n, side, side, channels) in [0, 1]; ``labels``, unsigned
            (n,), 0 to classes - 1; ``class_names`` (classes,); ``name``.

    Raises:
        SettingsError: If names, shapes, types, ranges or classes are others; the message
            names what was received and expected.
    """
    if missing := {"images", "labels", "class_names", "name"} - set(data):
        raise SettingsError(
            f"received no {', no '.join(sorted(missing))}: an older version made the file. "
            "Make it from scratch: kedro run --pipelines data_engineering"
        )
    _check(data, data["class_names"].tolist(), np.float32)
    low, high = data["images"].min(initial=0), data["images"].max(initial=0)
    if not (low >= 0 and high <= 1):  # in this form true for NaN as well
        raise SettingsError(
            f"images: received values from {low} to {high}, expected 0 to 1"
        )


def count_classes(
    labels: np.ndarray, class_names: Sequence[str]
) -> dict[str | int, int]:
    """Count the images of each class, by its name; other labels by their number."""
    counts = np.bincount(labels, minlength=len(class_names)).tolist()
    names = (*class_names, *range(len(class_names), len(counts)))
    return dict(zip(names, counts, strict=True))


def _check(
    data: LabelledImages,
    class_names: Sequence[str],
    dtype: type[np.generic],
    name: str = "",
) -> None:
    images, labels = data["images"], data["labels"]
    square = images.ndim == 4 and images.shape[1] == images.shape[2] > 0
    if not square or images.shape[3] not in (1, 3) or images.dtype != dtype:
        raise SettingsError(
            f"{name}images: received {images.dtype} {images.shape}, expected "
            f"{dtype.__name__} (n, side, side, channels) with 1 or 3 channels"
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind != "u":
        raise SettingsError(
            f"{name}labels: received {labels.dtype} {labels.shape}, "
            f"expected uint8 ({len(images)},): one label per image"
        )
    _check_classes(labels, class_names, name)


def _check_classes(labels: np.ndarray, class_names: Sequence[str], name: str) -> None:
    if len(class_names) < 2 or len(set(class_names)) < len(class_names):
        raise SettingsError(
            f"class names: received {list(class_names)[:MOST_NAMED]}, expected two or more "
            "different ones"
        )
    counts = count_classes(labels, class_names)
    if len(counts) > len(class_names):
        raise SettingsError(
            f"{name}labels: received labels up to {labels.max()}, expected 0 to "
            f"{len(class_names) - 1}, one for each class name"
        )
    if empty := [str(key) for key, count in counts.items() if not count]:
        raise SettingsError(
            f"{name}labels: received no image of {len(empty)} of {len(class_names)} "
            f"classes ({', '.join(empty[:MOST_NAMED])}), expected images of each"
        )
