"""A Keras model in one ``.keras`` file."""

import tempfile
from pathlib import Path
from typing import Any

from kedro.io import DatasetError

from cifar_kedro.datasets.replacing import replacing
from cifar_kedro.datasets.single_file import SingleFileDataset


class KerasModelDataset(SingleFileDataset[Any]):
    """Saves and loads a `keras.Model`, whatever Keras' backend, in Keras' safe mode.

    The catalog of a command that trains nothing does not import keras for it. A file is
    replaced in one step: see `replacing`.
    """

    def save(self, data: Any) -> None:
        """Write a model, creating the folder if need be.

        Args:
            data: A `keras.Model`.
        """
        with replacing(self._fs, self._path) as temporary:
            data.save(temporary)

    def load(self) -> Any:
        """Read a model.

        Returns:
            The `keras.Model`, compiled if it was compiled when saved.

        Raises:
            DatasetError: If the file is damaged or not a Keras model.
        """
        import keras

        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "model.keras"
            self._fs.get_file(self._path, str(copy))
            try:
                return keras.saving.load_model(copy, safe_mode=True)
            except Exception as error:  # zipfile, h5py and Keras raise nearly anything
                raise DatasetError(
                    f"{self._filepath} is damaged or not a Keras model: received "
                    f"{copy.stat().st_size} bytes, expected a .keras file ({error}). "
                    "Delete it and run its experiment again."
                ) from error
