"""Made-up images."""

import numpy as np

from cifar_kedro.config.data import Split
from cifar_kedro.datasets.split import name_split


def make_images(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Make random images in [0, 1] with the ten labels in turn."""
    generator = np.random.default_rng(seed)
    return {
        "images": generator.random((count, 32, 32, 3), dtype=np.float32),
        "labels": (np.arange(count) % 10).astype(np.uint8),
    }


def make_split(development: dict[str, np.ndarray], validation: int) -> Split:
    """Split images: the last `validation` of them validate, the others train."""
    indices = np.arange(len(development["labels"]), dtype=np.int32)
    train = indices[: len(indices) - validation]
    return {
        "train": train,
        "validation": indices[len(train) :],
        "name": np.array(name_split(train, development["labels"])),
    }
