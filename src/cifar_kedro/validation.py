"""Checks of images at the boundaries: the catalog's ``validator``, at each load and save."""

import numpy as np

from cifar_kedro.classes import CLASS_NAMES


def check_images(data: dict[str, np.ndarray]) -> None:
    """Check labelled images as the networks take them.

    Args:
        data: ``images``, float32 (n, 32, 32, 3) in [0, 1]; ``labels``, uint8 (n,).

    Raises:
        ValueError: If shapes, types, ranges or classes are others; the message names
            what was received and expected.
    """
    images, labels = data["images"], data["labels"]
    if (
        images.ndim != 4
        or images.shape[1:] != (32, 32, 3)
        or images.dtype != np.float32
    ):
        raise ValueError(
            f"images: received {images.dtype} {images.shape}, "
            "expected float32 (n, 32, 32, 3)"
        )
    if labels.shape != images.shape[:1] or labels.dtype != np.uint8:
        raise ValueError(
            f"labels: received {labels.dtype} {labels.shape}, "
            f"expected uint8 ({len(images)},): one label per image"
        )
    # not (a <= b): true for NaN as well
    low, high = images.min(initial=0), images.max(initial=0)
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"images: received values from {low} to {high}, expected 0 to 1"
        )
    counts = np.bincount(labels, minlength=len(CLASS_NAMES))
    if len(counts) > len(CLASS_NAMES) or not counts.all():
        raise ValueError(
            f"labels: received {dict(enumerate(counts.tolist()))} images per class, "
            f"expected some of each of the {len(CLASS_NAMES)} classes 0 to 9 and no other"
        )
