"""A Keras model in one ``.keras`` file."""

from typing import Any

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.config.keras_settings import settle_keras
from cifar_kedro.datasets.atomic_write import replacing
from cifar_kedro.datasets.base import SingleFileDataset


class KerasModelDataset(SingleFileDataset[Any]):
    """Saves and loads a `keras.Model`, with any backend, in Keras' safe mode.

    Keras is imported when a model is loaded. So a command that trains nothing does not
    import it. A file is replaced in one step: see `replacing`.
    """

    def __init__(self, *, made_by: str | None = None, **file: Any) -> None:
        """Describe the file. Nothing is opened yet.

        Args:
            made_by: The command that makes it. The message about a missing file has it.
            **file: See `SingleFileDataset`.
        """
        super().__init__(**file)
        self._made_by = made_by

    def save(self, data: Any) -> None:
        """Write a model. Create its folder if it is missing.

        Args:
            data: A `keras.Model`.
        """
        with replacing(self._fs, self._path) as temporary:
            data.save(temporary)

    def load(self) -> Any:
        """Read a model.

        Returns:
            The `keras.Model`. It is compiled if it was compiled when it was saved.

        Raises:
            DatasetError: If the file is missing, damaged or not a Keras model. Also if it
                can't be read, if another version of Keras saved it, or if the memory is too
                small.
            ModuleNotFoundError: If Keras' backend is not installed.
            ValueError: If a setting of Keras is refused. See `settle_keras`.
        """
        if not self._exists():
            remedy = self._made_by and (
                f". Train it first, in the same environment: {self._made_by}"
            )
            raise DatasetError(f"There is no model at {self._filepath}{remedy or ''}")
        settle_keras()
        import keras

        with self._at_hand() as path:
            path.open("rb").close()  # else Keras would call it damaged
            try:
                return keras.saving.load_model(path, safe_mode=True)
            except MemoryError:  # the file may be sound
                raise
            except Exception as error:  # zipfile, h5py and Keras raise many kinds
                raise DatasetError(
                    f"{self._filepath} can't be loaded: received "
                    f"{path.stat().st_size} bytes, expected a .keras file ({error}). It is "
                    "damaged, not a Keras model, saved by another version of Keras (here "
                    f"{keras.__version__}), or too large for the memory. Load it with the "
                    "version that saved it: provenance.json beside it names that. If that "
                    "fails, too, move it away and run its experiment again."
                ) from error
