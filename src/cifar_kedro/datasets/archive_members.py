"""The members of the CIFAR-10 archive: its batches, read without unpacking it."""

import gzip
import re
import tarfile
import zlib
from pathlib import Path, PurePosixPath

import numpy as np

from cifar_kedro.config.errors import DatasetError

FOLDER = "cifar-10-batches-bin"
SPLITS = {
    "train": [f"{FOLDER}/data_batch_{number}.bin" for number in range(1, 6)],
    "test": [f"{FOLDER}/test_batch.bin"],
}
BATCHES = {name for names in SPLITS.values() for name in names}
EXTRAS = {f"{FOLDER}/batches.meta.txt", f"{FOLDER}/readme.html"}
CLASSES = 10
RECORD_BYTES = 1 + 3 * 32 * 32  # the label, then the red, green and blue planes


def read_batches(path: Path, name: str) -> dict[str, np.ndarray]:
    """Read every batch of the archive, in one pass and without unpacking it.

    Args:
        path: The ``.tar.gz``, in the official layout.
        name: What to call it in messages.

    Returns:
        Uint8 records (n, 3073) by the name of the batch.

    Raises:
        DatasetError: The file is damaged, or a member is missing, unknown, double,
            or not what it should be.
    """
    records: dict[str, np.ndarray] = {}
    seen: set[str] = set()
    try:
        with gzip.open(path) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    member.name = str(PurePosixPath(member.name))  # ./x is x
                    if _is_of_a_system(member):
                        continue
                    _check_member(member, seen)
                    seen.add(member.name)
                    if member.name in BATCHES:
                        records[member.name] = _read_records(archive, member)
            while stream.read(1 << 20):  # only its end holds the stream's checksum
                pass
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DatasetError(
            f"{name} is truncated or damaged ({error}), expected a whole .tar.gz. "
            "Delete the file so that it is fetched anew."
        ) from error
    if missing := sorted(BATCHES - records.keys()):
        raise _layout_error(f"lacks {', '.join(missing)}")
    return records


def _is_of_a_system(member: tarfile.TarInfo) -> bool:
    """Tell whether an operating system or a program put a member beside the batches."""
    *folders, name = PurePosixPath(member.name).parts or ("",)
    kind = member.isreg() or member.isdir()
    inside = not member.name.startswith("/") and ".." not in folders
    beside = name.startswith("._") or name == ".DS_Store"
    within = any(
        re.fullmatch(r"__MACOSX|PaxHeaders?(\.\w+)?", f) for f in (*folders, name)
    )
    return kind and inside and (beside or within)


def _check_member(member: tarfile.TarInfo, seen: set[str]) -> None:
    # Exact names: so no absolute one, and none with "..", gets any further.
    folders = {".", FOLDER}
    if member.name not in BATCHES | EXTRAS | folders:
        raise _layout_error(f"holds an unknown member {member.name!r}")
    if member.name in seen:
        raise _layout_error(f"holds {member.name} twice")
    if not (member.isdir() if member.name in folders else member.isreg()):
        raise _layout_error(
            f"holds {member.name} as a link, device or other kind of member"
        )
    if member.name in BATCHES and (not member.size or member.size % RECORD_BYTES):
        raise _layout_error(
            f"holds {member.name} with {member.size} bytes, expected one or more "
            f"records of {RECORD_BYTES} bytes"
        )


def _read_records(archive: tarfile.TarFile, member: tarfile.TarInfo) -> np.ndarray:
    content = archive.extractfile(member)
    assert content is not None  # a regular file has content
    records = np.empty((member.size // RECORD_BYTES, RECORD_BYTES), np.uint8)
    # In small pieces, as tarfile holds what it reads up to three times.
    for start in range(0, len(records), 500):
        content.readinto(records[start : start + 500])  # type: ignore[attr-defined]
    wrong = np.flatnonzero(records[:, 0] >= CLASSES)
    if wrong.size:
        raise _layout_error(
            f"has the label {records[wrong[0], 0]} in record {wrong[0]} (from 0) of "
            f"{member.name}, expected 0-9"
        )
    return records


def _layout_error(what: str) -> DatasetError:
    return DatasetError(
        f"The CIFAR-10 archive {what}. Expected the official binary layout: "
        f"{FOLDER}/data_batch_1.bin to data_batch_5.bin and test_batch.bin. Use the "
        "official archive, or a copy of it (`archive` in conf/local/globals.yml)."
    )
