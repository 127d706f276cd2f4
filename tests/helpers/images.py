"""Made-up images."""

from typing import Any

import numpy as np

from cifar_kedro.config.data import CIFAR10_CLASSES, CIFAR10_NAME, Split
from cifar_kedro.datasets.split import name_split


def make_images(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Make random images in [0, 1] with CIFAR-10's ten labels in turn."""
    generator = np.random.default_rng(seed)
    return {
        "images": generator.random((count, 32, 32, 3), dtype=np.float32),
        "labels": (np.arange(count) % 10).astype(np.uint8),
        "class_names": np.array(CIFAR10_CLASSES),
        "name": np.array(CIFAR10_NAME),
    }


def make_raw(
    train: dict[str, np.ndarray], test: dict[str, np.ndarray]
) -> dict[str, Any]:
    """Make a raw data set of two parts, with CIFAR-10's class names."""
    parts = [{key: part[key] for key in ("images", "labels")} for part in (train, test)]
    names = list(CIFAR10_CLASSES)
    return dict(
        zip(
            ("train", "test", "class_names", "name"),
            (*parts, names, CIFAR10_NAME),
            strict=True,
        )
    )


def make_split(development: dict[str, np.ndarray], validation: int) -> Split:
    """Split images: the last `validation` of them validate, the others train."""
    indices = np.arange(len(development["labels"]), dtype=np.int32)
    train = indices[: len(indices) - validation]
    return {
        "train": train,
        "validation": indices[len(train) :],
        "name": np.array(name_split(train, development["labels"])),
    }
