"""Find identical images, within and between training, validation and test images."""

import hashlib
from collections.abc import Iterator

import numpy as np

from cifar_kedro.config.data import LabelledImages
from cifar_kedro.config.errors import SettingsError

# The share of the test images that may also be training or validation images. The true
# CIFAR-10 has none: no two of its 60,000 images are the same, pixel by pixel.
LARGEST_OVERLAP = 0.0

# Each count, and how the log and the report page name it.
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
    """Compute a digest of each image. Only identical images have the same digest.

    A digest has 64 bits. The probability that two different images among 60,000 have the
    same digest is 1e-10.

    Args:
        images: Images of any shape and type, (n, ...).

    Returns:
        The digests, uint64 (n,).
    """
    return np.fromiter(_digest_each(images), np.uint64, count=len(images))


def _digest_each(images: np.ndarray) -> Iterator[int]:
    for image in images:  # one at a time, so that no second copy of all is needed
        digest = hashlib.sha256(np.ascontiguousarray(image).data).digest()
        yield int.from_bytes(digest[:8], "little")


def check_overlap(development: LabelledImages, test: LabelledImages) -> None:
    """Refuse test images that are among those to learn from.

    Args:
        development: The ``digests`` of training and validation images.
        test: Those of the test images.

    Raises:
        SettingsError: If their share is above `LARGEST_OVERLAP`.
    """
    rows = np.flatnonzero(np.isin(test["digests"], development["digests"]))
    if len(rows) <= LARGEST_OVERLAP * len(test["digests"]):
        return
    (copies,) = np.nonzero(development["digests"] == test["digests"][rows[0]])
    raise SettingsError(
        f"test images: received {len(rows):,} of {len(test['digests']):,} that are also "
        f"training images, expected at most {LARGEST_OVERLAP:.0%}, as in the true CIFAR-10. "
        f"The first is image {rows[0]} of test and image {copies[0]} of train (from 0). "
        "A test on images that a network has learned from says nothing. Remove them from "
        "one part, or use the official archive (`archive` in conf/local/globals.yml)"
    )


def count_identical(parts: dict[str, LabelledImages]) -> dict[str, int]:
    """Count identical images and contradicting labels.

    Args:
        parts: ``train``, ``validation`` and ``test``. Each has ``digests`` and
            ``labels``, (n,).

    Returns:
        A number of images for each key of `COUNTS`. Within a part, the first of identical
        images does not count. Between two parts, all images of one count that the other
        has. With contradicting labels, all images count that have a copy with another
        label.
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
    """Count the images that have a copy with another label."""
    _, first, group = np.unique(digests, return_index=True, return_inverse=True)
    contradicted = np.zeros(len(first), bool)
    contradicted[group[labels != labels[first][group]]] = True
    return int(contradicted[group].sum())


def describe_counts(counts: dict[str, int]) -> str:
    """Name the counts in one sentence.

    Args:
        counts: What `count_identical` returns.
    """
    found = [f"{counts[key]:,} {where}" for key, where in COUNTS.items() if counts[key]]
    return f"Identical images: {'; '.join(found) or 'none'}."
