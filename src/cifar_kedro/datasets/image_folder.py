"""The image files of a folder."""

from collections.abc import Callable
from typing import Any, NoReturn

import fsspec
from kedro.io import AbstractDataset
from kedro.io.core import get_protocol_and_path
from PIL import Image

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.base import hide_secrets
from cifar_kedro.datasets.found_images import find_images
from cifar_kedro.datasets.read_only import ReadOnly

# A table program takes a cell that begins so for a formula, a shell a dash for an option.
# `./` before such a name still leads to the file.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
_REMEDY = "Put your images there, or name their folder: --params classify.images=FOLDER"


class ImageFolderDataset(
    ReadOnly, AbstractDataset[NoReturn, dict[str, Callable[[], Image.Image]]]
):
    """A folder of whatever files people keep their images in: see `find_images`."""

    def __init__(
        self,
        *,
        path: str,
        credentials: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the folder; nothing is listed yet.

        Args:
            path: Local folder, or any address that fsspec understands.
            credentials: Given to the file system; not shown in logs.
            metadata: Ignored here; for people and plugins.
        """
        self._shown = hide_secrets(path)  # for messages
        protocol, path = get_protocol_and_path(path)
        self._fs = fsspec.filesystem(protocol, **(credentials or {}))
        self._path = self._fs._strip_protocol(path)
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], Image.Image]]:
        """Find the files, in the folder and its subfolders; none is opened yet.

        Returns:
            A function that reads the image, by the file's path within the folder, sorted.
            It raises whatever Pillow does, and ValueError for what is no file.

        Raises:
            DatasetError: If there is no such folder, or no file in it.
        """
        if not self._fs.isdir(self._path):
            raise DatasetError(f"There is no folder {self._shown}. {_REMEDY}")
        found = find_images(self._fs, self._path)
        if not found:
            raise DatasetError(f"There are no images in {self._shown}. {_REMEDY}")
        return {
            f"./{name}" if name.startswith(_FORMULA) else name: image.load
            for name, image in sorted(found.items())
        }

    def _exists(self) -> bool:
        return bool(self._fs.isdir(self._path))

    def _describe(self) -> dict[str, Any]:
        return {"path": self._shown}
