"""A Keras model in one ``.keras`` file."""

from typing import Any

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.config.keras_settings import settle_keras
from cifar_kedro.datasets.atomic_write import replacing
from cifar_kedro.datasets.base import SingleFileDataset


class KerasModelDataset(SingleFileDataset[Any]):
    """Saves and loads a `keras.Model`, whatever Keras' backend, in Keras' safe mode.

    The catalog of a command that trains nothing does not import keras for it. A file is
    replaced in one step: see `replacing`.
    """

    def __init__(self, *, made_by: str | None = None, **file: Any) -> None:
        """Describe the file; nothing is opened yet.

        Args:
            made_by: The command that makes it, for who finds it missing.
            **file: See `SingleFileDataset`.
        """
        super().__init__(**file)
        self._made_by = made_by

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
            DatasetError: If the file is missing or can't be read; damaged, of another
                version of Keras, or not a Keras model; or too large for the memory.
            ModuleNotFoundError: If Keras' backend is not installed.
            ValueError: If a setting of Keras is refused: see `settle_keras`.
        """
        if not self._exists():
            remedy = self._made_by and (
                f". Train it first, in the same environment: {self._made_by}"
            )
            raise DatasetError(f"There is no model at {self._filepath}{remedy or ''}")
        settle_keras()
        import keras

        with self._at_hand() as path:
            path.open("rb").close()  # Keras would take what can't be opened for damaged
            try:
                return keras.saving.load_model(path, safe_mode=True)
            except MemoryError:  # says nothing against the file
                raise
            except Exception as error:  # zipfile, h5py and Keras raise nearly anything
                raise DatasetError(
                    f"{self._filepath} is damaged, not a Keras model, saved by another "
                    f"version of Keras (here {keras.__version__}), or too large for the "
                    f"memory: received {path.stat().st_size} bytes, expected a .keras file "
                    f"({error}). Load "
                    "it with the version that saved it, which provenance.json beside it "
                    "names. If that fails, too, move it away and run its experiment again."
                ) from error
