"""What raw data sets share whose image files are to be decoded."""

from pathlib import PurePosixPath
from typing import Any, NoReturn

import fsspec
from kedro.io import AbstractDataset

from cifar_kedro.config.data import RawImages
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.datasets.base import hide_secrets
from cifar_kedro.datasets.read_only import ReadOnly


class RawFolderDataset(ReadOnly, AbstractDataset[NoReturn, RawImages]):
    """A raw data set in a folder, local or at any address that fsspec understands."""

    def __init__(
        self,
        *,
        path: str,
        side: int = 32,
        channels: int = 3,
        most_bad_share: float = 0.01,
        credentials: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the folder; nothing is listed yet.

        Args:
            path: Local folder, or any address that fsspec understands. Its name is the
                data set's.
            side: Pixels of an image, along either side.
            channels: 3 for colour, 1 for grey.
            most_bad_share: The share of images that may be left out, if they can't be used.
            credentials: Given to the file system; not shown in logs.
            metadata: Ignored here; for people and plugins.

        Raises:
            SettingsError: If a setting is out of its bounds.
        """
        if side < 1 or channels not in (1, 3):
            raise SettingsError(
                f"received `side` {side} and `channels` {channels}, expected 1 pixel or "
                "more, and 1 channel (grey) or 3 (colour)"
            )
        if not 0 <= most_bad_share < 1:
            raise SettingsError(
                f"`most_bad_share`: received {most_bad_share}, expected 0 or more, and "
                "less than 1"
            )
        self._shown = hide_secrets(path).rstrip("/")  # for messages
        self._fs, self._path = fsspec.core.url_to_fs(path, **(credentials or {}))
        self._name = PurePosixPath(self._path).name
        self._image_shape = (side, side, channels)
        self._most_bad_share = most_bad_share
        self.metadata = metadata

    def _exists(self) -> bool:
        return bool(self._fs.isdir(self._path))

    def _describe(self) -> dict[str, Any]:
        return {"path": self._shown, "image_shape": self._image_shape}
