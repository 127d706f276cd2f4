"""Writing a file in one step."""

import errno
import glob
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

from cifar_kedro.config.errors import DatasetError

# A full disk, a used-up quota, a limit on the size of a file.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# A temporary file is a killed process's if nobody has written to it for so long.
LEFTOVER_SECONDS = 3600


@contextmanager
def replacing(fs: AbstractFileSystem, path: str) -> Iterator[Path]:
    """Give a temporary file to write. It becomes `path` when the block ends well.

    Readers see the old file or the new one, and a failure leaves the old one. For
    ``kedro run --only-missing-outputs`` every file that exists counts as done, even half
    a file. A killed process can leave its temporary file,
    ``.tmp-<32 hex digits>-<name>``. A later write of `path` removes it.

    Args:
        fs: File system of `path`.
        path: Where the file belongs. Its folder is created.

    Yields:
        A local path that ends with the name of `path`.

    Raises:
        DatasetError: If nothing can be written there, or the disk is full.
    """
    if isinstance(fs, LocalFileSystem):
        # In the same folder: moving a file is atomic only within one disk.
        folder = Path(path).parent
    else:
        folder = Path(tempfile.gettempdir())
    _remove_leftovers(folder, Path(path).name)
    temporary = _make_temporary(folder, Path(path).name)
    try:
        with _naming_what_had_no_room(temporary, path):
            yield temporary
            with temporary.open("r+b") as file:
                os.fsync(file.fileno())  # the bytes reach the disk before the name does
        if isinstance(fs, LocalFileSystem):
            os.replace(temporary, path)
        else:
            _upload(fs, temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _upload(fs: AbstractFileSystem, temporary: Path, path: str) -> None:
    """Copy a file to a store, where it replaces `path` in one step.

    On S3 an upload is one step: the object is there once all of it has arrived. Another
    store may show half an upload. There the file is copied beside `path`, then moved.

    Raises:
        DatasetError: If there is no such place, such as a misspelt bucket.
    """
    try:
        if "s3" in fs.protocol:
            fs.put_file(str(temporary), path)
        else:
            _upload_and_move(fs, temporary, path)
    except FileNotFoundError as error:
        raise _cannot_write(fs.unstrip_protocol(fs._parent(path)), error) from error


def _upload_and_move(fs: AbstractFileSystem, temporary: Path, path: str) -> None:
    beside = f"{fs._parent(path)}/{temporary.name}"
    try:
        fs.put_file(str(temporary), beside)
        fs.mv(beside, path)
    except BaseException:
        with suppress(OSError):
            fs.rm_file(beside)
        raise


@contextmanager
def _naming_what_had_no_room(temporary: Path, path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        reached = temporary.stat().st_size
        temporary.unlink()
        raise DatasetError(
            f"{path} was not written: {error.strerror}. It had reached "
            f"{reached / 1e6:.1f} MB; {shutil.disk_usage(temporary.parent).free / 1e6:.1f}"
            f" MB are free in {temporary.parent} without it. Make room, or set another "
            "folder (`data` in the environment's globals.yml), and run again. An older "
            "file there is unchanged."
        ) from error


def make_folder(folder: Path) -> None:
    """Create a folder, and those above it, if they are missing.

    Raises:
        DatasetError: If that fails.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _make_temporary(folder: Path, name: str) -> Path:
    make_folder(folder)
    temporary = folder / f".tmp-{uuid.uuid4().hex}-{name}"
    try:
        temporary.touch(exist_ok=False)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    return temporary


def _cannot_write(folder: Path | str, error: OSError) -> DatasetError:
    return DatasetError(
        f"Nothing can be written to {folder}: {error.strerror or error}. Make that folder "
        "writable, or set another one (`data` in the environment's globals.yml)."
    )


def _remove_leftovers(folder: Path, name: str) -> None:
    for path in folder.glob(f".tmp-{'[0-9a-f]' * 32}-{glob.escape(name)}"):
        with suppress(OSError):  # another process was faster, or another user owns it
            if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
                path.unlink()
