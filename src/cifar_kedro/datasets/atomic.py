"""Kedro's datasets of tables, JSON, texts and figures. Each file is replaced in one step.

This module is not imported with the package, because pandas and matplotlib are heavy.
"""

from pathlib import PurePosixPath
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from kedro.io.core import get_filepath_str
from kedro_datasets import json, matplotlib, pandas, text

from cifar_kedro.datasets.atomic_write import replacing


class Atomic:
    """Makes a dataset of one file save by `replacing`. It loads and previews as before."""

    @property
    def storage(self: Any) -> tuple[AbstractFileSystem, str]:
        """The file system, and the path on it."""
        return self._fs, get_filepath_str(self._get_load_path(), self._protocol)

    def save(self: Any, data: Any) -> None:
        """Write the file. Create its folder if it is missing.

        Args:
            data: What the dataset saves to one file.

        Raises:
            DatasetError: If writing failed. The old file is unchanged.
        """
        path = get_filepath_str(self._get_save_path(), self._protocol)
        with replacing(self._fs, path) as temporary:
            local = self._copy(
                _filepath=PurePosixPath(temporary.as_posix()),
                _fs=LocalFileSystem(),
                _protocol="file",
                _version=None,
            )
            # Kedro's wrapper is left out, because its errors would name the temporary file.
            super().save.__wrapped__(local, data)  # type: ignore[misc]
        self._invalidate_cache()


class CSVDataset(Atomic, pandas.CSVDataset):
    """Kedro's `pandas.CSVDataset`."""


class TextDataset(Atomic, text.TextDataset):
    """Kedro's `text.TextDataset`."""


class MatplotlibDataset(Atomic, matplotlib.MatplotlibDataset):
    """Kedro's `matplotlib.MatplotlibDataset`, of one figure."""


class JSONDataset(Atomic, json.JSONDataset):
    """Kedro's `json.JSONDataset`. Its file can be deleted."""

    def delete(self) -> None:
        """Delete the file, if it is there."""
        if self.exists():
            self._fs.rm_file(get_filepath_str(self._filepath, self._protocol))
