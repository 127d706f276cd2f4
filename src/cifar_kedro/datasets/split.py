"""A split: which development images are for training, and which for validation."""

import hashlib
from typing import Any

import numpy as np

from cifar_kedro.config.data import LabelledImages, Split
from cifar_kedro.config.errors import SettingsError


def name_split(train: np.ndarray, labels: np.ndarray) -> str:
    """Name a split after its training indices and the labels that it was drawn from.

    Args:
        train: Int32 indices of the training images.
        labels: The labels of all development images, uint8.
    """
    return hashlib.sha256(train.tobytes() + labels.tobytes()).hexdigest()


def check_split(
    split: Split, development: LabelledImages, identical_images: dict[str, Any]
) -> None:
    """Check that a split, and the counts of identical images, belong to the images.

    They may not: the images are one file for all seeds, and each seed has its own split.
    Another archive replaces the images, but not the splits of all seeds.

    Raises:
        SettingsError: If the split or the counts belong to other images.
    """
    names = {
        "the split": str(split["name"]),
        "the images": name_split(split["train"], development["labels"]),
        "the counts of identical images": str(identical_images.get("split", "unnamed")),
    }
    if len(set(names.values())) > 1:
        received = ", ".join(f"{name[:8]} by {what}" for what, name in names.items())
        raise SettingsError(
            f"received different names of the split: {received}. Expected the same name. "
            "Make the split again, with the --params of this run: kedro run --pipelines "
            "data_engineering"
        )
