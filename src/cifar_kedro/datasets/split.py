"""A split: which of the development images train, and which validate."""

import hashlib
from typing import Any

import numpy as np

from cifar_kedro.config.data import LabelledImages, Split
from cifar_kedro.config.errors import SettingsError


def name_split(train: np.ndarray, labels: np.ndarray) -> str:
    """Name a split after its training indices and the labels that it was drawn from.

    Args:
        train: Int32 indices of the training images.
        labels: Of all development images, uint8.
    """
    return hashlib.sha256(train.tobytes() + labels.tobytes()).hexdigest()


def check_split(
    split: Split, development: LabelledImages, identical_images: dict[str, Any]
) -> None:
    """Check that a split, and the counts of identical images, belong to the images.

    The images are one file for all seeds: another archive replaces it, but not the splits
    that were drawn from the first.

    Raises:
        SettingsError: If one of them was made of other images, or of another split.
    """
    names = {
        "the split": str(split["name"]),
        "the images": name_split(split["train"], development["labels"]),
        "the counts of identical images": str(identical_images.get("split", "unnamed")),
    }
    if len(set(names.values())) > 1:
        received = ", ".join(f"{name[:8]} by {what}" for what, name in names.items())
        raise SettingsError(
            f"received different names of the split: {received}. Expected one. Make the "
            "split from scratch, with the --params of this run: kedro run --pipelines "
            "data_engineering"
        )
