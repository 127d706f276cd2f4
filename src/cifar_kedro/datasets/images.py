"""Checks of images at the boundaries: the catalog's ``validator``, at each load and save."""

import numpy as np

from cifar_kedro.config.data import CLASS_NAMES, LabelledImages
from cifar_kedro.config.errors import SettingsError


def check_raw_images(data: dict[str, LabelledImages]) -> None:
    """Check a raw data set, as the data engineering pipeline takes it.

    Args:
        data: ``train`` and ``test``, each with ``images``, uint8 (n, 32, 32, 3), and
            ``labels``, uint8 (n,), 0 to 9.

    Raises:
        SettingsError: If parts, shapes, types or classes are others; the message names
            what was received and expected.
    """
    if set(data) != {"train", "test"}:
        raise SettingsError(
            f"received the parts {sorted(data)}, expected train and test"
        )
    for part, images in data.items():
        _check(images, np.uint8, name=f"{part} ")


def check_images(data: LabelledImages) -> None:
    """Check labelled images, as the networks take them.

    Args:
        data: ``images``, float32 (n, 32, 32, 3) in [0, 1]; ``labels``, uint8 (n,),
            0 to 9.

    Raises:
        SettingsError: If shapes, types, ranges or classes are others; the message names
            what was received and expected.
    """
    _check(data, np.float32)
    low, high = data["images"].min(initial=0), data["images"].max(initial=0)
    if not (low >= 0 and high <= 1):  # in this form true for NaN as well
        raise SettingsError(
            f"images: received values from {low} to {high}, expected 0 to 1"
        )


def count_classes(labels: np.ndarray) -> dict[str | int, int]:
    """Count the images of each class, by its name; other labels by their number."""
    counts = np.bincount(labels, minlength=len(CLASS_NAMES)).tolist()
    return dict(zip((*CLASS_NAMES, *range(10, len(counts))), counts, strict=True))


def _check(data: LabelledImages, dtype: type[np.generic], name: str = "") -> None:
    images, labels = data["images"], data["labels"]
    if images.ndim != 4 or images.shape[1:] != (32, 32, 3) or images.dtype != dtype:
        raise SettingsError(
            f"{name}images: received {images.dtype} {images.shape}, "
            f"expected {dtype.__name__} (n, 32, 32, 3)"
        )
    if labels.shape != images.shape[:1] or labels.dtype != np.uint8:
        raise SettingsError(
            f"{name}labels: received {labels.dtype} {labels.shape}, "
            f"expected uint8 ({len(images)},): one label per image"
        )
    counts = count_classes(labels)
    if len(counts) > len(CLASS_NAMES) or not all(counts.values()):
        raise SettingsError(
            f"{name}labels: received {counts}, expected images of each of these "
            f"{len(CLASS_NAMES)} classes and of no other"
        )
