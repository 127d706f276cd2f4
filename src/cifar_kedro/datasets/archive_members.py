"""The members of a CIFAR archive, read without unpacking it."""

import gzip
import re
import tarfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.archive_layouts import Layout

MOST_TEXT = 1 << 16  # bytes that are read of the file with the class names


@dataclass
class Members:
    """What was read from an archive.

    Attributes:
        records: Uint8 (n, label and pixel bytes), by the member's name.
        class_names: The class names by label.
    """

    records: dict[str, np.ndarray] = field(default_factory=dict)
    class_names: list[str] = field(default_factory=list)


def read_members(path: Path, name: str, layout: Layout) -> Members:
    """Read every batch of the archive, in one pass and without unpacking it.

    Args:
        path: The ``.tar.gz``.
        name: Its name in messages.
        layout: Its official layout.

    Raises:
        DatasetError: If the file is damaged; or if a member is missing, unknown, there
            twice, or has another content than the layout says.
    """
    members = Members(class_names=list(layout.class_names))
    seen: set[str] = set()
    try:
        with gzip.open(path) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    member.name = str(PurePosixPath(member.name))  # "x" for "./x"
                    if _is_of_a_system(member):
                        continue
                    _check_member(member, seen, layout)
                    seen.add(member.name)
                    _read_member(archive, member, layout, members)
            while stream.read(1 << 20):  # the checksum is at the stream's end
                pass
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DatasetError(
            f"{name} is truncated or damaged ({error}), expected a whole .tar.gz. "
            "Delete the file, and the next run fetches it again."
        ) from error
    if missing := sorted(_list_needed(layout) - seen):
        raise _layout_error(layout, f"lacks {', '.join(missing)}")
    return members


def _list_needed(layout: Layout) -> set[str]:
    return {*layout.batches, *filter(None, [layout.names_file])}


def _is_of_a_system(member: tarfile.TarInfo) -> bool:
    """Tell whether a member is a file that an operating system added."""
    *folders, name = PurePosixPath(member.name).parts or ("",)
    kind = member.isreg() or member.isdir()
    inside = not member.name.startswith("/") and ".." not in folders
    beside = name.startswith("._") or name == ".DS_Store"
    within = any(
        re.fullmatch(r"__MACOSX|PaxHeaders?(\.\w+)?", f) for f in (*folders, name)
    )
    return kind and inside and (beside or within)


def _check_member(member: tarfile.TarInfo, seen: set[str], layout: Layout) -> None:
    # Only exact names pass. So an absolute name, or one with "..", is refused.
    folders = {".", layout.folder}
    if member.name not in _list_needed(layout) | layout.extras | folders:
        raise _layout_error(layout, f"has an unknown member {member.name!r}")
    if member.name in seen:
        raise _layout_error(layout, f"has {member.name} twice")
    if not (member.isdir() if member.name in folders else member.isreg()):
        raise _layout_error(
            layout, f"has {member.name} as a link, device or other kind of member"
        )
    size = layout.record_bytes
    if member.name in layout.batches and (not member.size or member.size % size):
        raise _layout_error(
            layout,
            f"has {member.name} with {member.size} bytes, expected one or more "
            f"records of {size} bytes",
        )


def _read_member(
    archive: tarfile.TarFile, member: tarfile.TarInfo, layout: Layout, members: Members
) -> None:
    if member.name in layout.batches:
        members.records[member.name] = _read_records(archive, member, layout)
    elif member.name == layout.names_file:
        members.class_names = _read_names(archive, member, layout)


def _read_records(
    archive: tarfile.TarFile, member: tarfile.TarInfo, layout: Layout
) -> np.ndarray:
    content = archive.extractfile(member)
    assert content is not None  # a regular file has content
    size = layout.record_bytes
    records = np.empty((member.size // size, size), np.uint8)
    # Small pieces save memory: tarfile copies what it reads up to three times.
    for start in range(0, len(records), 500):
        content.readinto(records[start : start + 500])  # type: ignore[attr-defined]
    for place, classes in enumerate(layout.classes):
        wrong = np.flatnonzero(records[:, place] >= classes)
        if wrong.size:
            raise _layout_error(
                layout,
                f"has the label {records[wrong[0], place]} in record {wrong[0]} (from 0) "
                f"of {member.name}, expected 0-{classes - 1}",
            )
    return records


def _read_names(
    archive: tarfile.TarFile, member: tarfile.TarInfo, layout: Layout
) -> list[str]:
    content = archive.extractfile(member)
    assert content is not None  # a regular file has content
    text = content.read(MOST_TEXT).decode("utf-8", errors="replace")
    names = [line.strip() for line in text.splitlines() if line.strip()]
    expected = layout.classes[layout.label]
    if len(set(names)) != expected or len(names) != expected:
        raise _layout_error(
            layout,
            f"has {len(set(names))} different names in the {len(names)} lines of "
            f"{member.name}, expected {expected}",
        )
    return names


def _layout_error(layout: Layout, what: str) -> DatasetError:
    parts = ", ".join(
        f"{names[0]} to {names[-1].rpartition('/')[2]}" if len(names) > 1 else names[0]
        for names in layout.parts.values()
    )
    return DatasetError(
        f"The archive of {layout.name} {what}. Expected the official binary layout: "
        f"{parts}. Use the official archive, or a copy of it (`archive` in "
        "conf/local/globals.yml)."
    )
