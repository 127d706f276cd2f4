"""What the datasets of one file share."""

from typing import Any, TypeVar

import fsspec
from kedro.io import AbstractDataset

from cifar_kedro.datasets.addresses import hide_secrets

Content = TypeVar("Content")


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
        """Describe the file; nothing is opened yet.

        Args:
            filepath: Local path, or any address that fsspec understands.
            credentials: Given to the file system; not shown in logs.
            fs_args: Further arguments of the file system.
            metadata: Ignored here; for people and plugins.
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

    def _exists(self) -> bool:
        return bool(self._fs.exists(self._path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}
