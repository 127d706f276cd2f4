"""Kedro's datasets of tables, JSON, texts and figures, each file replaced in one step.

Not imported with the package: pandas and matplotlib are heavy.
"""

from pathlib import PurePosixPath
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from kedro.io.core import get_filepath_str
from kedro_datasets import json, matplotlib, pandas, text

from cifar_kedro.datasets.atomic_write import replacing


class Atomic:
    """Makes a dataset of one file save as `replacing` does; loads and previews stay."""

    @property
    def storage(self: Any) -> tuple[AbstractFileSystem, str]:
        """The file system, and the path on it."""
        return self._fs, get_filepath_str(self._get_load_path(), self._protocol)

    def save(self: Any, data: Any) -> None:
        """Write the file, creating the folder if need be.

        Args:
            data: What the dataset saves to one file.

        Raises:
            DatasetError: If writing failed; the old file is unchanged.
        """
        path = get_filepath_str(self._get_save_path(), self._protocol)
        with replacing(self._fs, path) as temporary:
            local = self._copy(
                _filepath=PurePosixPath(temporary.as_posix()),
                _fs=LocalFileSystem(),
                _protocol="file",
                _version=None,
            )
            # Without Kedro's wrapper: its errors would name the temporary file.
            super().save.__wrapped__(local, data)  # type: ignore[misc]
        self._invalidate_cache()


class CSVDataset(Atomic, pandas.CSVDataset):
    """Kedro's `pandas.CSVDataset`."""


class TextDataset(Atomic, text.TextDataset):
    """Kedro's `text.TextDataset`."""


class MatplotlibDataset(Atomic, matplotlib.MatplotlibDataset):
    """Kedro's `matplotlib.MatplotlibDataset`, of one figure."""


class JSONDataset(Atomic, json.JSONDataset):
    """Kedro's `json.JSONDataset`, whose file can be deleted."""

    def delete(self) -> None:
        """Delete the file, if it is there."""
        if self.exists():
            self._fs.rm_file(get_filepath_str(self._filepath, self._protocol))
