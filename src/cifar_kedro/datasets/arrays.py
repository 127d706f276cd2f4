"""Images and labels as arrays in one ``.npz`` file."""

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from cifar_kedro.config.data import RawImages
from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.base import SingleFileDataset
from cifar_kedro.datasets.labels import number_classes, read_labels
from cifar_kedro.datasets.npz import Arrays, read_arrays
from cifar_kedro.datasets.read_only import ReadOnly

# How Keras and MedMNIST call the arrays: of each part those that are joined, in order.
_NAMES = {
    "Keras": {
        "train": [("x_train", "y_train")],
        "test": [("x_test", "y_test")],
    },
    "MedMNIST": {
        "train": [("train_images", "train_labels"), ("val_images", "val_labels")],
        "test": [("test_images", "test_labels")],
    },
}
_OPTIONAL = {"val_images", "val_labels"}
_EXPECTED = "x_train, y_train, x_test, y_test; or train_images, train_labels, test_images, test_labels"


class ArraysDataset(ReadOnly, SingleFileDataset[RawImages]):
    """Loads square images, grey or colour, with the array names of Keras or MedMNIST.

    MedMNIST's own validation images are learnt from: the split of a run draws which images
    validate. Nothing is ever unpickled.

    Examples:
        >>> ArraysDataset(filepath="pneumoniamnist.npz").load()["train"][
        ...     "images"
        ... ].shape  # doctest: +SKIP
        (5232, 28, 28, 1)
    """

    def __init__(
        self,
        *,
        class_names: list[str] | None = None,
        name: str | None = None,
        **file: Any,
    ) -> None:
        """Describe the file; nothing is read yet.

        Args:
            class_names: By label; if None, the classes are called by their numbers.
            name: Of the data set; if None, the file's, without its ending.
            **file: The ``.npz``; see `SingleFileDataset`.
        """
        super().__init__(**file)
        self._class_names = class_names
        self._name = name or PurePosixPath(self._path).stem

    def load(self) -> RawImages:
        """Read all images and labels.

        Returns:
            All that `RawImages` names.

        Raises:
            DatasetError: If the file is missing, damaged, or holds Python objects; or if
                arrays have other names, types or shapes: the message names what was
                received and expected.
        """
        with self._at_hand() as path:
            arrays = self._read(path)
        images, labels = {}, {}
        for part, pairs in self._choose(arrays).items():
            images[part] = _join([_read_images(arrays[x], x) for x, _ in pairs])
            labels[part] = _join([read_labels(arrays[y], y) for _, y in pairs])
            for x, y in pairs:
                if len(arrays[x]) != len(arrays[y]):
                    raise DatasetError(
                        f"received {len(arrays[x])} images in `{x}` and {len(arrays[y])} "
                        f"labels in `{y}`, expected one label for each image"
                    )
        numbers, names = number_classes(labels, self._class_names)
        return {
            "train": {"images": images["train"], "labels": numbers["train"]},
            "test": {"images": images["test"], "labels": numbers["test"]},
            "class_names": names,
            "name": self._name,
        }

    def _read(self, path: Path) -> Arrays:
        try:
            return read_arrays(path)
        except FileNotFoundError as error:
            raise DatasetError(f"There is no file {self._filepath}.") from error
        except (OSError, MemoryError):  # says nothing against the file
            raise
        except Exception as error:  # zipfile and numpy raise nearly anything
            raise DatasetError(
                f"{self._filepath} can't be read as an .npz file of plain arrays ({error}). "
                "Python objects are never unpickled: save images of one size as uint8 "
                "(n, side, side, channels), and labels as whole numbers."
            ) from error

    def _choose(self, arrays: Arrays) -> dict[str, list[tuple[str, str]]]:
        """Choose the arrays of each part by their names."""
        for parts in _NAMES.values():
            needed = {name for pairs in parts.values() for p in pairs for name in p}
            if needed - _OPTIONAL <= set(arrays):
                return {
                    part: [pair for pair in pairs if set(pair) <= set(arrays)]
                    for part, pairs in parts.items()
                }
        raise DatasetError(
            f"{self._filepath}: received the arrays {', '.join(arrays) or 'none'}, expected "
            f"{_EXPECTED}"
        )


def _read_images(images: np.ndarray, name: str) -> np.ndarray:
    """Take uint8 images, (n, side, side) or (n, side, side, channels).

    Raises:
        DatasetError: If they are others; the message says how to convert them.
    """
    if images.dtype != np.uint8:
        span = f", from {images.min()} to {images.max()}" if images.size else ""
        raise DatasetError(
            f"`{name}`: received {images.dtype}{span}, expected uint8, 0 to 255. Fractions "
            "of 0 to 1 become such by (images * 255).round().astype('uint8')"
        )
    pixels = images[..., None] if images.ndim == 3 else images
    square = pixels.ndim == 4 and pixels.shape[1] == pixels.shape[2] > 0
    if not square or pixels.shape[3] not in (1, 3):
        raise DatasetError(
            f"`{name}`: received {images.shape}, expected square images: (n, side, side) "
            "or, with 1 or 3 channels, (n, side, side, channels)"
        )
    return pixels


def _join(arrays: list[np.ndarray]) -> np.ndarray:
    """Join arrays of one shape, without a copy of a single one.

    Raises:
        DatasetError: If images are of several sizes.
    """
    if len({array.shape[1:] for array in arrays}) > 1:
        raise DatasetError(
            f"received images of {' and '.join(str(a.shape[1:]) for a in arrays)} to learn "
            "from, expected one size"
        )
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
