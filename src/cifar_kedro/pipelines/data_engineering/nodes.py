"""Nodes of the data engineering pipeline.

Nodes hand on images as `cifar_kedro.config.data.LabelledImages`.
"""

import logging
from typing import Any

import numpy as np

from cifar_kedro.config.data import LabelledImages, RawImages, Split
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.datasets.identical_images import (
    check_overlap,
    count_identical,
    describe_counts,
    digest_images,
)
from cifar_kedro.datasets.images import count_classes
from cifar_kedro.datasets.split import name_split

logger = logging.getLogger(__name__)


def load_images(
    raw: RawImages,
) -> tuple[LabelledImages, LabelledImages]:
    """Take the two parts of the raw data set.

    Args:
        raw: The raw data set. Its pixels are 0 to 255.

    Returns:
        The images to learn from, and the test images. Both have the class names, the data
        set's name, and ``digests``, one for each image.

    Raises:
        SettingsError: If test images are among those to learn from: see `check_overlap`.
            Nothing has been written then.
    """
    parts = {"train": raw["train"], "test": raw["test"]}
    for part, data in parts.items():
        counts = count_classes(data["labels"], raw["class_names"])
        logger.info("%s: %d images: %s", part, sum(counts.values()), counts)
    about = {
        "class_names": np.array(raw["class_names"]),
        "name": np.array(raw["name"]),
    }
    development, test = (
        data | about | {"digests": digest_images(data["images"])}
        for data in parts.values()
    )
    check_overlap(development, test)
    return development, test


def scale_images(data: LabelledImages) -> LabelledImages:
    """Scale pixels from 0..255 to [0, 1]. Like the original report, change nothing else.

    Args:
        data: Images in uint8, with labels, class names and name.

    Returns:
        The same with float32 images, and without the digests.
    """
    kept = {key: data[key] for key in ("labels", "class_names", "name")}
    return kept | {"images": data["images"] * np.float32(1 / 255)}


def split_images(
    development: LabelledImages, validation_images: int, seed: int
) -> Split:
    """Draw which images are for training and which for validation, stratified by class.

    Args:
        development: The images to learn from. Only their labels count here.
        validation_images: How many of them are for validation.
        seed: The seed that draws the split.

    Returns:
        The indices of both parts, and the split's name.

    Raises:
        SettingsError: If either part would miss a class.
    """
    from sklearn.model_selection import train_test_split

    labels = development["labels"]
    count, classes = len(labels), len(np.unique(labels))
    if not classes <= validation_images <= count - classes:
        raise SettingsError(
            f"validation_images: received {validation_images} of {count} images, expected "
            f"{classes} to {count - classes}, so that training and validation both see "
            f"the {classes} classes"
        )
    train, validation = train_test_split(
        np.arange(count, dtype=np.int32),
        test_size=validation_images,
        stratify=labels,
        random_state=seed,
    )
    name = np.array(name_split(train, labels))
    return {"train": train, "validation": validation, "name": name}


def count_identical_images(
    development: LabelledImages, test: LabelledImages, split: Split
) -> dict[str, Any]:
    """Count identical images within and between the parts, and contradicting labels.

    Args:
        development: Labels and digests of the images that were split.
        test: Those of the test images.
        split: The split.

    Returns:
        ``counts``: see `cifar_kedro.datasets.identical_images.count_identical`.
        ``split``: the name of the split to which they belong.
    """
    parts = {
        name: {key: development[key][split[name]] for key in ("digests", "labels")}
        for name in ("train", "validation")
    }
    counts = count_identical(parts | {"test": test})
    level = logging.WARNING if any(counts.values()) else logging.INFO
    logger.log(level, describe_counts(counts))
    return {"split": str(split["name"]), "counts": counts}
