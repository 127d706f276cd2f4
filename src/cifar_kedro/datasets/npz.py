"""Named arrays in one uncompressed ``.npz`` file."""

import numpy as np
from kedro.io import DatasetError

from cifar_kedro.datasets.replacing import replacing
from cifar_kedro.datasets.single_file import SingleFileDataset

Arrays = dict[str, np.ndarray]


class NpzDataset(SingleFileDataset[Arrays]):
    """Saves and loads a dict of arrays, never with pickle.

    A file is replaced in one step: see `replacing`.

    Example:
        >>> dataset = NpzDataset(filepath="memory://doc/example.npz")
        >>> dataset.save({"labels": np.arange(3)})
        >>> dataset.load()
        {'labels': array([0, 1, 2])}
    """

    def save(self, data: Arrays) -> None:
        """Write the arrays, creating the folder if need be.

        Args:
            data: Arrays of any shape and of any dtype but object.

        Raises:
            DatasetError: ``data`` isn't such a dict, or writing failed.
        """
        _check(data)
        with replacing(self._fs, self._path) as temporary:
            with temporary.open("wb") as file:
                np.savez(file, allow_pickle=False, **data)

    def load(self) -> Arrays:
        """Read all arrays.

        Returns:
            The arrays as they were saved.

        Raises:
            DatasetError: The file is missing, damaged, or not an ``.npz``.
        """
        try:
            with self._fs.open(self._path, "rb") as file:
                with np.lib.npyio.NpzFile(file, allow_pickle=False) as archive:
                    arrays = dict(archive)
            _check(arrays)  # numpy gives other members of a zip as bytes
        except (OSError, MemoryError):  # says nothing against the file: let Kedro tell
            raise
        except Exception as error:  # zipfile and numpy raise nearly anything
            raise DatasetError(
                f"{self._filepath} is damaged or not an .npz file of plain arrays "
                f"({error}). Delete it and run again."
            ) from error
        return arrays


def _check(data: Arrays) -> None:
    if not isinstance(data, dict):
        raise DatasetError(
            f"Expected a dict of arrays, received {type(data).__name__}."
        )
    for name, array in data.items():
        # the first two are what np.savez calls its own arguments
        if name in ("file", "allow_pickle") or not str(name).isidentifier():
            raise DatasetError(f"Expected a plain name for an array, received {name!r}")
        if not isinstance(array, np.ndarray):
            raise DatasetError(
                f"Expected {name!r} to be a numpy array, received "
                f"{type(array).__name__}."
            )
        if array.dtype.hasobject:
            raise DatasetError(
                f"The array {name!r} holds Python objects, which only pickle could "
                "save. Convert it to numbers or fixed-length strings."
            )
