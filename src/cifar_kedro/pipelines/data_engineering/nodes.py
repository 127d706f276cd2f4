"""Nodes of the data engineering pipeline.

Images travel as ``{"images": (n, 32, 32, 3), "labels": uint8 (n,)}``.
"""

import hashlib
import logging

import numpy as np

from cifar_kedro.config.errors import SettingsError
from cifar_kedro.validation import LabelledImages, count_classes

logger = logging.getLogger(__name__)


def load_images(
    raw: dict[str, LabelledImages],
) -> tuple[LabelledImages, LabelledImages]:
    """Take the two parts of the raw data set.

    Args:
        raw: ``train`` and ``test``, each with uint8 images in 0..255.

    Returns:
        The images to learn from, and the test images.
    """
    for part, data in raw.items():
        counts = count_classes(data["labels"])
        logger.info("%s: %d images: %s", part, sum(counts.values()), counts)
    return raw["train"], raw["test"]


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
    from sklearn.model_selection import train_test_split

    count = len(data["labels"])
    classes = len(np.unique(data["labels"]))
    if not classes <= validation_images <= count - classes:
        raise SettingsError(
            f"validation_images: received {validation_images} of {count} images, expected "
            f"{classes} to {count - classes}, so that training and validation both see "
            f"the {classes} classes"
        )
    parts = train_test_split(
        np.arange(count),
        test_size=validation_images,
        stratify=data["labels"],
        random_state=seed,
    )
    drawn = hashlib.sha256(parts[0].tobytes() + data["labels"].tobytes())
    split = {"split": np.array(drawn.hexdigest())}
    train, validation = (
        {key: array[part] for key, array in data.items()} | split for part in parts
    )
    return train, validation
