"""The image files of a folder."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

import fsspec
from fsspec.implementations.local import LocalFileSystem
from kedro.io import AbstractDataset
from kedro.io.core import get_protocol_and_path
from PIL import Image

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.base import hide_secrets
from cifar_kedro.datasets.image_file import read_image

# A table program takes a cell that begins so for a formula, a shell a dash for an option.
# `./` before such a name still leads to the file.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
_REMEDY = "Put your images there, or name their folder: --params classify.images=FOLDER"


class ImageFolderDataset(
    AbstractDataset[NoReturn, dict[str, Callable[[], Image.Image]]]
):
    """A folder of whatever files people keep their images in.

    Hidden files (``.DS_Store``) are no one's images and are passed over. Links to files
    are followed. Links to folders are not: they may lead back.
    """

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
        files = self._find_local() if self._is_local() else self._find_remote()
        shown = {
            f"./{name}" if name.startswith(_FORMULA) else name: files[name]
            for name in sorted(files)
            if not any(part.startswith(".") for part in PurePosixPath(name).parts)
        }
        if not shown:
            raise DatasetError(f"There are no images in {self._shown}. {_REMEDY}")
        return shown

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: the images are an input.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{type(self).__name__} is read-only.")

    def _find_remote(self) -> dict[str, Callable[[], Image.Image]]:
        return {
            path[len(self._path) :].lstrip("/"): partial(self._read, path)
            for path in self._fs.find(self._path)
        }

    def _find_local(self) -> dict[str, Callable[[], Image.Image]]:
        """Find what is no folder, and the folders that can't be listed.

        `fsspec` would pass over the second without a word.
        """
        root = Path(self._path)
        unreadable: list[OSError] = []
        files: dict[str, Callable[[], Image.Image]] = {}
        for parent, folders, names in os.walk(root, onerror=unreadable.append):
            links = [name for name in folders if Path(parent, name).is_symlink()]
            for path in (Path(parent, name) for name in names + links):
                name = path.relative_to(root).as_posix()
                files[name] = partial(self._read_local, path)
        for error in unreadable:
            name = Path(error.filename).relative_to(root).as_posix()
            files[f"{name}/"] = partial(_fail, error)
        return files

    def _read_local(self, path: Path) -> Image.Image:
        if path.is_dir():
            raise ValueError("a link to a folder; links to folders are not followed")
        if not path.exists():
            raise ValueError("the file has gone, or is a link to nothing")
        if not path.is_file():  # to open a pipe would wait for ever
            raise ValueError("not a file: a pipe, a socket or a device")
        return self._read(path.as_posix())

    def _read(self, path: str) -> Image.Image:
        with self._fs.open(path, "rb") as file:
            return read_image(file)

    def _is_local(self) -> bool:
        return isinstance(self._fs, LocalFileSystem)

    def _exists(self) -> bool:
        return bool(self._fs.isdir(self._path))

    def _describe(self) -> dict[str, Any]:
        return {"path": self._shown}


def _fail(error: OSError) -> NoReturn:
    """Say of a folder's row why the folder could not be listed."""
    raise error
