"""The CIFAR-10 archive in its binary form: fetched once, verified, then read.

Source: https://www.cs.toronto.edu/~kriz/cifar.html, "CIFAR-10 binary version".
"""

import errno
import gzip
import re
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urljoin

import numpy as np
from fsspec.implementations.local import LocalFileSystem

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.addresses import hide_secrets
from cifar_kedro.datasets.replacing import replacing
from cifar_kedro.datasets.single_file import SingleFileDataset

FOLDER = "cifar-10-batches-bin"
SPLITS = {
    "train": [f"{FOLDER}/data_batch_{number}.bin" for number in range(1, 6)],
    "test": [f"{FOLDER}/test_batch.bin"],
}
BATCHES = {name for names in SPLITS.values() for name in names}
EXTRAS = {f"{FOLDER}/batches.meta.txt", f"{FOLDER}/readme.html"}
CLASSES = 10
RECORD_BYTES = 1 + 3 * 32 * 32  # the label, then the red, green and blue planes

Split = dict[str, np.ndarray]


class Cifar10ArchiveDataset(SingleFileDataset[dict[str, Split]]):
    """Loads CIFAR-10 from its ``.tar.gz``, which it fetches if it is not there.

    Nothing is unpacked to disk, and nothing is unpickled. A file that exists is
    never overwritten or deleted, whatever is in it.

    Example:
        >>> Cifar10ArchiveDataset(
        ...     filepath="data/01_raw/cifar-10-binary.tar.gz",
        ...     url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        ...     known_hash="md5:c32a1d4ab5d03f1284b67883e8d87530",
        ... ).load()["train"]["images"].shape  # doctest: +SKIP
        (50000, 32, 32, 3)
    """

    def __init__(self, *, url: str | None, known_hash: str, **file: Any) -> None:
        """Describe the archive; nothing is read or fetched yet.

        Args:
            url: The https address it is fetched from; None to never fetch.
            known_hash: ``md5:`` or ``sha256:`` and the hexadecimal digest.
            **file: The ``.tar.gz``; see `SingleFileDataset`.

        Raises:
            ValueError: The address is not https, or the hash is malformed.
        """
        if url is not None and not url.startswith("https://"):
            raise ValueError(
                f"`url` must start with https://, received {hide_secrets(url)!r}."
            )
        digests = r"md5:[\da-fA-F]{32}|sha256:[\da-fA-F]{64}"
        if not re.fullmatch(digests, str(known_hash)):
            raise ValueError(
                "The hash must be 'md5:' and 32 or 'sha256:' and 64 hexadecimal "
                f"digits, received {known_hash!r}."
            )
        super().__init__(**file)
        self._url = url
        self._shown_url = url and hide_secrets(url)
        self._known_hash = known_hash

    def load(self) -> dict[str, Split]:
        """Read all images and labels, after fetching and verifying as needed.

        Returns:
            ``{"train": split, "test": split}``, each split being ``{"images":
            uint8 (n, 32, 32, 3), RGB 0-255, "labels": uint8 (n,), 0-9}``, in the
            order of the batches.

        Raises:
            DatasetError: The archive can't be had, is another file than the hash
                says, or doesn't have the official layout.
        """
        if not self._fs.exists(self._path):
            self._fetch()
        with self._at_hand() as path:
            self._verify(path)
            records = _read_batches(path, self._filepath)
        return {split: _join(records, names) for split, names in SPLITS.items()}

    def save(self, data: Any) -> NoReturn:
        """Refuse: the archive is an input.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{type(self).__name__} is read-only.")

    def _exists(self) -> bool:
        return bool(self._fs.isfile(self._path))

    def _describe(self) -> dict[str, Any]:
        return {
            **super()._describe(),
            "url": self._shown_url,
            "known_hash": self._known_hash,
        }

    def _verify(self, path: Path) -> None:
        import pooch

        algorithm, _, expected = self._known_hash.partition(":")
        try:
            received = pooch.file_hash(str(path), alg=algorithm)
        except OSError as error:
            raise DatasetError(
                f"{self._filepath} can't be read: {error.strerror}."
            ) from error
        if received.lower() != expected.lower():
            raise DatasetError(
                f"{self._filepath} is not the expected archive: its hash is "
                f"{algorithm}:{received}, expected {self._known_hash}. Delete the "
                "file so that it is fetched anew or, if it is the right one, correct "
                "the `hash` setting (`archive` in conf/local/globals.yml)."
            )

    def _fetch(self) -> None:
        """Fetch the archive to its place, where it appears whole and verified."""
        if self._url is None:
            raise DatasetError(self._how_to_provide("no url is set to fetch it from"))
        if isinstance(self._fs, LocalFileSystem):
            self._retrieve(Path(self._path))
            return
        with replacing(self._fs, self._path) as temporary:
            self._retrieve(temporary)

    def _retrieve(self, path: Path) -> None:
        # pooch writes to a temporary file in the same folder, moves it into place
        # once the hash agrees, and removes it otherwise (pooch.core.stream_download).
        import pooch

        _check_writable(path.parent)
        try:
            pooch.retrieve(
                self._url,
                known_hash=self._known_hash,
                fname=path.name,
                path=path.parent,
                downloader=pooch.HTTPDownloader(
                    progressbar=True, hooks={"response": _refuse_other_schemes}
                ),
            )
            # pooch's temporary file is its owner's alone; a team's folder is shared
            path.chmod(0o644)
        except OSError as error:  # which every exception of requests is, too
            reason = error.strerror or type(error).__name__
            raise DatasetError(
                self._how_to_provide(
                    f"fetching it from {self._shown_url} failed ({reason})"
                )
            ) from error
        except ValueError as error:  # pooch's word for another hash
            raise DatasetError(
                f"What {self._shown_url} sent was not kept: {error} Try again, or correct "
                "`archive` (url, hash) in conf/local/globals.yml."
            ) from error

    def _how_to_provide(self, reason: str) -> str:
        source = f", from {self._shown_url} (any browser will do)" if self._url else ""
        return (
            f"The CIFAR-10 archive is not there, and {reason}.\n"
            f"Either put it at {self._filepath}{source}; its hash is {self._known_hash}.\n"
            "Or point `archive` in conf/local/globals.yml at another copy.\n"
            "Or do without: `kedro run --env sample` needs no archive."
        )


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DatasetError(
            f"The CIFAR-10 archive can't be saved to {folder}: {error.strerror}. "
            "Make that folder writable, or set another path (`archive` in "
            "conf/local/globals.yml)."
        ) from error


def _refuse_other_schemes(response: Any, **options: Any) -> None:
    """Follow a redirection within https only."""
    target = urljoin(response.url, response.headers.get("location", ""))
    if not target.startswith("https://"):
        raise OSError(
            errno.EPERM, f"it redirects to {hide_secrets(target)}, not to https://"
        )


def _read_batches(path: Path, name: str) -> dict[str, np.ndarray]:
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


def _check_member(member: tarfile.TarInfo, seen: set[str]) -> None:
    # Exact names: so no absolute one, and none with "..", gets any further.
    if member.name not in BATCHES | EXTRAS | {FOLDER}:
        raise _layout_error(f"holds an unknown member {member.name!r}")
    if member.name in seen:
        raise _layout_error(f"holds {member.name} twice")
    if not (member.isdir() if member.name == FOLDER else member.isreg()):
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


def _join(records: dict[str, np.ndarray], names: list[str]) -> Split:
    """Turn batches into one split, taking each out of ``records`` as it goes.

    ``np.empty`` occupies memory only where it has been written, and each batch is
    freed once copied: so the images are in memory once, plus one batch.
    """
    size = sum(len(records[name]) for name in names)
    images = np.empty((size, 32, 32, 3), np.uint8)
    labels = np.empty(size, np.uint8)
    start = 0
    for name in names:
        batch = records.pop(name)
        stop = start + len(batch)
        labels[start:stop] = batch[:, 0]
        planes = batch[:, 1:].reshape(-1, 3, 32, 32)
        images[start:stop] = planes.transpose(0, 2, 3, 1)
        start = stop
    return {"images": images, "labels": labels}


def _layout_error(what: str) -> DatasetError:
    return DatasetError(
        f"The CIFAR-10 archive {what}. Expected the official binary layout: "
        f"{FOLDER}/data_batch_1.bin to data_batch_5.bin and test_batch.bin. Use the "
        "official archive, or a copy of it (`archive` in conf/local/globals.yml)."
    )
