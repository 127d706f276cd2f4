"""What datasets of one file share."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import fsspec
from fsspec.implementations.local import LocalFileSystem
from kedro.io import AbstractDataset

from cifar_kedro.config.errors import DatasetError

Content = TypeVar("Content")

COPIED_AT_ONCE = 2**20  # bytes


class SingleFileDataset(AbstractDataset[Content, Content]):
    """A dataset of one file, local or at any address that fsspec understands."""

    def __init__(
        self,
        *,
        filepath: str,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the file. Nothing is opened yet.

        Args:
            filepath: Local path, or any address that fsspec understands.
            credentials: Given to the file system. Logs do not show them.
            fs_args: Further arguments of the file system.
            metadata: For people and plugins. It is ignored here.
        """
        self._filepath = hide_secrets(filepath)  # for messages
        self._fs, self._path = fsspec.core.url_to_fs(
            filepath, **(credentials or {}), **(fs_args or {})
        )
        self.metadata = metadata

    @property
    def storage(self) -> tuple[fsspec.AbstractFileSystem, str]:
        """The file system, and the path on it."""
        return self._fs, self._path

    @contextmanager
    def _at_hand(self) -> Iterator[Path]:
        """Give a local file. A file in a store is copied for the block.

        Copying first keeps errors of the store apart from errors of a damaged file.

        Raises:
            DatasetError: If the store has no such file.
        """
        if isinstance(self._fs, LocalFileSystem):
            yield Path(self._path)
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / PurePosixPath(self._path).name
            try:
                copy_out(self._fs, self._path, copy)
            except FileNotFoundError as error:
                raise DatasetError(
                    f"There is no file at {self._filepath} ({error})."
                ) from error
            yield copy

    def _exists(self) -> bool:
        return bool(self._fs.exists(self._path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


def copy_out(fs: fsspec.AbstractFileSystem, path: str, target: Path) -> None:
    """Copy one version of a file to this machine.

    Args:
        fs: File system of `path`.
        path: What to copy.
        target: The copy's path.

    Raises:
        OSError: If it can't be read, or another process replaces it in a store meanwhile.
    """
    # Not `get_file`: s3fs would join parts of the old and the new object.
    with fs.open(path, "rb") as file, target.open("wb") as local:
        shutil.copyfileobj(file, local, COPIED_AT_ONCE)


def hide_secrets(address: str) -> str:
    """Remove secrets: user and password, and everything after a "?" or "#".

    Examples:
        >>> hide_secrets("https://me:hunter2@example.org/a.npz?signature=1")
        'https://example.org/a.npz'
    """
    return re.sub(r"(://)(?:[^/]*@)?([^?#]*).*", r"\1\2", address)


def hide_secrets_in(text: str) -> str:
    """Remove secrets from every address in a text, such as another package's message."""
    return re.sub(r"\S+://\S+", lambda address: hide_secrets(address[0]), text)
