"""Writing a file in one step."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from kedro.io import DatasetError


@contextmanager
def replacing(fs: AbstractFileSystem, path: str) -> Iterator[Path]:
    """Give a temporary file to write, which becomes `path` when the block ends well.

    Whoever reads sees the old file or the new one, and a failure leaves the old one:
    ``kedro run --only-missing-outputs`` looks only at whether a file exists, so half a
    file would count as done.

    Args:
        fs: File system of `path`.
        path: Where the file belongs; its folder is created.

    Yields:
        A local path with the same suffix.

    Raises:
        DatasetError: If nothing can be written there.
    """
    if isinstance(fs, LocalFileSystem):
        # In the same folder: only within one disk is moving atomic.
        folder = Path(path).parent
    else:
        folder = Path(tempfile.gettempdir())
    temporary = _make_temporary(folder, Path(path).suffix)
    try:
        yield temporary
        if isinstance(fs, LocalFileSystem):
            with temporary.open("r+b") as file:
                os.fsync(file.fileno())  # the bytes reach the disk before the name does
            os.replace(temporary, path)
        else:
            fs.put_file(str(temporary), path)
    finally:
        temporary.unlink(missing_ok=True)


def _make_temporary(folder: Path, suffix: str) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".tmp-{uuid.uuid4().hex}{suffix}"
        temporary.touch(exist_ok=False)
    except OSError as error:
        raise DatasetError(
            f"Nothing can be written to {folder}: {error.strerror}. Make that folder "
            "writable, or set another one (`data` in the environment's globals.yml)."
        ) from error
    return temporary
