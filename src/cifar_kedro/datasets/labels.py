"""Labels as people store them: one rule of what is taken."""

from collections.abc import Sequence

import numpy as np

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.images import MOST_NAMED

_RENUMBER = (
    "numpy numbers them anew: names, labels = np.unique(labels, return_inverse=True). "
    "The setting `class_names` then takes what each was called, in that order"
)


def read_labels(array: np.ndarray, name: str) -> np.ndarray:
    """Take whole numbers, (n,) or (n, 1).

    Args:
        array: The labels as they were stored.
        name: Of the array, for messages.

    Returns:
        The same numbers, (n,).

    Raises:
        DatasetError: If they are text, fractions, one-hot, or anything else; the message
            says how to convert them.
    """
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2:
        raise DatasetError(
            f"`{name}`: received {array.dtype} {array.shape}, expected one number for each "
            "image. If it is one-hot, numpy makes numbers of it: labels.argmax(axis=1)"
        )
    if array.ndim != 1 or array.dtype.kind not in "iu":
        hint = f" {_RENUMBER}" if array.dtype.kind in "USO" else ""
        raise DatasetError(
            f"`{name}`: received {array.dtype} {array.shape}, expected whole numbers (n,) "
            f"or (n, 1).{hint}"
        )
    return array


def number_classes(
    parts: dict[str, np.ndarray], class_names: Sequence[str] | None
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Check that labels are 0 to n - 1, and name the classes.

    Args:
        parts: Whole numbers (n,) of ``train`` and of ``test``.
        class_names: By label; if None, they are called by their numbers.

    Returns:
        The labels, unsigned; and the class names.

    Raises:
        DatasetError: If a number between is missing, or a test label is not among those
            to learn from; the message says which were found.
    """
    found = {part: np.unique(labels).tolist() for part, labels in parts.items()}
    count = len(class_names or found["train"])
    if count < 2:
        raise DatasetError(
            f"labels: received {count} class ({_list(found['train'])}), expected two or more"
        )
    if found["train"] != list(range(count)):
        named = f"the {count} of `class_names`" if class_names else "without a gap"
        raise DatasetError(
            f"labels of train: received {len(found['train'])} classes, numbered "
            f"{_list(found['train'])}, expected 0 to {count - 1}, {named}. {_RENUMBER}"
        )
    if unknown := sorted(set(found["test"]) - set(found["train"])):
        raise DatasetError(
            f"labels of test: received {_list(unknown)}, which train has not, expected the "
            f"same classes in both, 0 to {count - 1}"
        )
    dtype = np.uint8 if count <= 256 else np.uint16
    labels = {part: values.astype(dtype) for part, values in parts.items()}
    return labels, [str(name) for name in class_names or range(count)]


def _list(values: Sequence[int]) -> str:
    shown = [str(value) for value in values[:MOST_NAMED]]
    if len(values) > MOST_NAMED:
        shown += ["...", str(values[-1])]
    return ", ".join(shown)
