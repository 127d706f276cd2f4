"""Identical images: within and between training, validation and test images."""

import hashlib
from collections.abc import Iterator

import numpy as np

from cifar_kedro.config.data import LabelledImages
from cifar_kedro.config.errors import SettingsError

# The share of the test images that training or validation images may repeat. The true
# CIFAR-10 have none: no two of its 60,000 images are the same, pixel by pixel.
LARGEST_OVERLAP = 0.0

# What is counted -> how the log and the report page say it.
COUNTS = {
    "train": "in train, copies of others there",
    "validation": "in validation, copies of others there",
    "test": "in test, copies of others there",
    "validation_in_train": "of validation in train, too",
    "test_in_train": "of test in train, too",
    "test_in_validation": "of test in validation, too",
    "contradicting_labels": "with a copy that has another label",
}


def digest_images(images: np.ndarray) -> np.ndarray:
    """Compute a digest of each image: the same for identical images only.

    Of 64 bits: among 60,000 images, two different ones share one with probability 1e-10.

    Args:
        images: Of any shape and type, (n, ...).

    Returns:
        Uint64 (n,).
    """
    return np.fromiter(_digest_each(images), np.uint64, count=len(images))


def _digest_each(images: np.ndarray) -> Iterator[int]:
    for image in images:  # one at a time: no second copy of them all
        digest = hashlib.sha256(np.ascontiguousarray(image).data).digest()
        yield int.from_bytes(digest[:8], "little")


def check_overlap(development: LabelledImages, test: LabelledImages) -> None:
    """Refuse test images that are among those to learn from.

    Args:
        development: Training and validation images: their ``digests``.
        test: The same of the test images.

    Raises:
        SettingsError: If their share is above `LARGEST_OVERLAP`.
    """
    rows = np.flatnonzero(np.isin(test["digests"], development["digests"]))
    if len(rows) <= LARGEST_OVERLAP * len(test["digests"]):
        return
    (copies,) = np.nonzero(development["digests"] == test["digests"][rows[0]])
    raise SettingsError(
        f"test images: received {len(rows):,} of {len(test['digests']):,} that are "
        f"training images, too, such as row {rows[0]} of test and row {copies[0]} of train "
        f"(from 0), expected at most {LARGEST_OVERLAP:.0%}, as in the true CIFAR-10. A test "
        "on images that a network has learned from says nothing. Remove them from either "
        "part, or use the official archive (`archive` in conf/local/globals.yml)"
    )


def count_identical(parts: dict[str, LabelledImages]) -> dict[str, int]:
    """Count identical images and contradicting labels.

    Args:
        parts: ``train``, ``validation`` and ``test``, each with ``digests`` and
            ``labels``, (n,).

    Returns:
        A number of images for each key of `COUNTS`: within a part, those that are left
        once one of each is taken; of a part in another, all that the other has, too;
        with contradicting labels, all that have an identical one with another label.
    """
    digests = {name: part["digests"] for name, part in parts.items()}
    labels = np.concatenate([part["labels"] for part in parts.values()])

    def count_shared(one: str, other: str) -> int:
        return int(np.isin(digests[one], digests[other]).sum())

    return {
        **{name: len(part) - len(np.unique(part)) for name, part in digests.items()},
        "validation_in_train": count_shared("validation", "train"),
        "test_in_train": count_shared("test", "train"),
        "test_in_validation": count_shared("test", "validation"),
        "contradicting_labels": _count_contradicting(
            np.concatenate(list(digests.values())), labels
        ),
    }


def _count_contradicting(digests: np.ndarray, labels: np.ndarray) -> int:
    """Count the images that have an identical one with another label."""
    _, first, group = np.unique(digests, return_index=True, return_inverse=True)
    contradicted = np.zeros(len(first), bool)
    contradicted[group[labels != labels[first][group]]] = True
    return int(contradicted[group].sum())


def describe_counts(counts: dict[str, int]) -> str:
    """Say in one sentence what was found.

    Args:
        counts: What `count_identical` returns.
    """
    found = [f"{counts[key]:,} {where}" for key, where in COUNTS.items() if counts[key]]
    return f"Identical images: {'; '.join(found) or 'none'}."
