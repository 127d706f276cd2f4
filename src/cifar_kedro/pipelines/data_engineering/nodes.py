"""Nodes of the data engineering pipeline.

Images travel as ``{"images": (n, 32, 32, 3), "labels": uint8 (n,)}``.
"""

import hashlib
import logging
from typing import Any

import numpy as np

from cifar_kedro.config.data import LabelledImages
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.datasets.identical_images import (
    check_overlap,
    count_identical,
    describe_counts,
    digest_images,
)
from cifar_kedro.datasets.images import count_classes

logger = logging.getLogger(__name__)


def load_images(
    raw: dict[str, LabelledImages],
) -> tuple[LabelledImages, LabelledImages]:
    """Take the two parts of the raw data set.

    Args:
        raw: ``train`` and ``test``, each with uint8 images in 0..255.

    Returns:
        The images to learn from, and the test images; both with ``digests``, one of each
        image.

    Raises:
        ValueError: If more of the test images are among those to learn from than the
            true data have. Nothing has been written then.
    """
    for part, data in raw.items():
        counts = count_classes(data["labels"])
        logger.info("%s: %d images: %s", part, sum(counts.values()), counts)
    development, test = (
        raw[part] | {"digests": digest_images(raw[part]["images"])}
        for part in ("train", "test")
    )
    check_overlap(development, test)
    return development, test


def count_identical_images(
    development: LabelledImages,
    test: LabelledImages,
    validation_images: int,
    seed: int,
) -> dict[str, Any]:
    """Count identical images within and between the parts, and contradicting labels.

    Args:
        development: Labels and digests of the images that `split_images` splits.
        test: The same of the test images.
        validation_images: As of `split_images`.
        seed: As of `split_images`.

    Returns:
        ``counts``, see `cifar_kedro.datasets.identical_images.count_identical`; and ``split``, the
        name of the split that they are of.
    """
    *drawn, split = _draw_split(development["labels"], validation_images, seed)
    parts = {
        name: {key: development[key][rows] for key in ("digests", "labels")}
        for name, rows in zip(("train", "validation"), drawn, strict=True)
    }
    counts = count_identical(parts | {"test": test})
    level = logging.WARNING if any(counts.values()) else logging.INFO
    logger.log(level, describe_counts(counts))
    return {"split": split, "counts": counts}


def scale_images(data: LabelledImages) -> LabelledImages:
    """Scale pixels from 0..255 to [0, 1], and nothing else, as the report does.

    Args:
        data: With uint8 images.

    Returns:
        The same with float32 images.
    """
    return {"images": data["images"] * np.float32(1 / 255), "labels": data["labels"]}


def split_images(
    data: LabelledImages, validation_images: int, seed: int
) -> tuple[LabelledImages, LabelledImages]:
    """Split into training and validation images, stratified by class.

    Args:
        data: Images to split.
        validation_images: How many of them to keep for validation.
        seed: Draws the split.

    Returns:
        Training images and validation images, in shuffled order, and with both ``split``,
        the name of the split: they are two files, and belong together.

    Raises:
        SettingsError: If either part would miss a class.
    """
    *drawn, name = _draw_split(data["labels"], validation_images, seed)
    split = {"split": np.array(name)}
    train, validation = (
        {key: array[rows] for key, array in data.items()} | split for rows in drawn
    )
    return train, validation


def _draw_split(
    labels: np.ndarray, validation_images: int, seed: int
) -> tuple[np.ndarray, np.ndarray, str]:
    """Draw the rows of the training and of the validation images, and name the split.

    Raises:
        ValueError: If either part would miss a class.
    """
    from sklearn.model_selection import train_test_split

    count = len(labels)
    classes = len(np.unique(labels))
    if not classes <= validation_images <= count - classes:
        raise SettingsError(
            f"validation_images: received {validation_images} of {count} images, expected "
            f"{classes} to {count - classes}, so that training and validation both see "
            f"the {classes} classes"
        )
    train, validation = train_test_split(
        np.arange(count),
        test_size=validation_images,
        stratify=labels,
        random_state=seed,
    )
    name = hashlib.sha256(train.tobytes() + labels.tobytes()).hexdigest()
    return train, validation, name
