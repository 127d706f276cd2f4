"""The files of a folder that may be images: on this machine or in a store."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from PIL import Image

from cifar_kedro.datasets.image_file import read_image


class FoundImage(NamedTuple):
    """A file that may be an image.

    Attributes:
        load: Reads it. It raises whatever Pillow does, and ValueError for what is no file.
        version: Another text once the file has changed: size, and time or hash.
    """

    load: Callable[[], Image.Image]
    version: str


def find_images(fs: AbstractFileSystem, root: str) -> dict[str, FoundImage]:
    """Find the files in a folder and its subfolders; none is opened yet.

    Hidden files (``.DS_Store``) are no one's images and are passed over. Links to files
    are followed. Links to folders are not: they may lead back.

    Args:
        fs: File system of the folder.
        root: The folder.

    Returns:
        By the file's path within the folder. What is no file is there, too: its `load`
        says why it can't be read.
    """
    local = isinstance(fs, LocalFileSystem)
    found = _find_local(Path(root)) if local else _find_remote(fs, root)
    return {
        name: image
        for name, image in found.items()
        if not any(part.startswith(".") for part in name.split("/"))
    }


def _find_remote(fs: AbstractFileSystem, root: str) -> dict[str, FoundImage]:
    return {
        path[len(root) :].lstrip("/"): FoundImage(
            partial(_read, fs, path), _name_version(info)
        )
        for path, info in fs.find(root, detail=True).items()
        if not path.endswith("/")  # how a console of a store makes a folder
    }


def _name_version(info: dict[str, Any]) -> str:
    """Name the version of an object; stores call its hash or its time differently."""
    keys = ("size", "ETag", "etag", "md5Hash", "LastModified", "mtime", "created")
    return " ".join(str(info[key]) for key in keys if info.get(key) is not None)


def _find_local(root: Path) -> dict[str, FoundImage]:
    """Find what is no folder, and the folders that can't be listed.

    `fsspec` would pass over the second without a word.
    """
    unreadable: list[OSError] = []
    found: dict[str, FoundImage] = {}
    for parent, folders, names in os.walk(root, onerror=unreadable.append):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for path in (Path(parent, name) for name in names + links):
            name = path.relative_to(root).as_posix()
            found[name] = FoundImage(partial(_read_local, path), _read_version(path))
    for error in unreadable:
        name = Path(error.filename).relative_to(root).as_posix()
        found[f"{name}/"] = FoundImage(partial(_fail, error), "")
    return found


def _read_version(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:  # gone, or a link to nothing: reading it says so
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"


def _read_local(path: Path) -> Image.Image:
    if path.is_dir():
        raise ValueError("a link to a folder; links to folders are not followed")
    if not path.exists():
        raise ValueError("the file has gone, or is a link to nothing")
    if not path.is_file():  # to open a pipe would wait for ever
        raise ValueError("not a file: a pipe, a socket or a device")
    with path.open("rb") as file:
        return read_image(file)


def _read(fs: AbstractFileSystem, path: str) -> Image.Image:
    with fs.open(path, "rb") as file:
        return read_image(file)


def _fail(error: OSError) -> NoReturn:
    """Say of a folder's row why the folder could not be listed."""
    raise error
