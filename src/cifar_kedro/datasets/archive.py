"""A CIFAR archive in its binary form. It is fetched once, verified, then read."""

import os
import re
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from fsspec.implementations.local import LocalFileSystem

from cifar_kedro.config.data import LabelledImages, RawImages
from cifar_kedro.config.errors import DatasetError, SettingsError
from cifar_kedro.datasets.archive_layouts import LAYOUTS, Layout
from cifar_kedro.datasets.archive_members import read_members
from cifar_kedro.datasets.atomic_write import replacing
from cifar_kedro.datasets.base import SingleFileDataset, hide_secrets
from cifar_kedro.datasets.fetch import fetch, name_hash
from cifar_kedro.datasets.read_only import ReadOnly


class CifarArchiveDataset(ReadOnly, SingleFileDataset[RawImages]):
    """Loads CIFAR-10 or CIFAR-100 from its ``.tar.gz``. It fetches a missing archive.

    Nothing is unpacked to disk, and nothing is unpickled. A file that exists is
    never overwritten or deleted, even if it is damaged.

    Examples:
        >>> CifarArchiveDataset(
        ...     content="cifar10",
        ...     filepath="data/01_raw/cifar-10-binary.tar.gz",
        ...     url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        ...     known_hash="md5:c32a1d4ab5d03f1284b67883e8d87530",
        ... ).load()["train"]["images"].shape  # doctest: +SKIP
        (50000, 32, 32, 3)
    """

    def __init__(
        self,
        *,
        content: str,
        url: str | list[str] | None,
        known_hash: str,
        **file: Any,
    ) -> None:
        """Describe the archive. Nothing is read or fetched yet.

        Args:
            content: ``cifar10``, ``cifar100-fine`` or ``cifar100-coarse``.
            url: The https address of the archive. Several are tried in this order. With
                None, nothing is fetched.
            known_hash: ``md5:`` or ``sha256:`` and the hexadecimal digest.
            **file: The ``.tar.gz``. See `SingleFileDataset`.

        Raises:
            SettingsError: If the content is none of these, an address is not https, or
                the hash is malformed.
        """
        if content not in LAYOUTS:
            raise SettingsError(
                f"`content` must be one of {', '.join(LAYOUTS)}, received {content!r}."
            )
        addresses = [url] if isinstance(url, str) else url or []
        _check_source(addresses, known_hash)
        super().__init__(**file)
        self._layout = LAYOUTS[content]
        self._addresses = addresses
        self._known_hash = known_hash

    def load(self) -> RawImages:
        """Read all images and labels. Fetch the archive if it is missing, and verify it.

        Returns:
            Everything that `RawImages` names. The images have 32 x 32 pixels in RGB. They
            are in the order of the batches.

        Raises:
            DatasetError: If the archive can't be fetched or read, has another hash, or
                does not have the official layout.
        """
        if not self._fs.exists(self._path):
            self._fetch()
        with self._at_hand() as path:
            self._verify(path)
            members = read_members(path, self._filepath, self._layout)
        train, test = (
            _join(members.records, self._layout.parts[part], self._layout)
            for part in ("train", "test")
        )
        return {
            "train": train,
            "test": test,
            "class_names": members.class_names,
            "name": self._layout.name,
        }

    def _exists(self) -> bool:
        return bool(self._fs.isfile(self._path))

    def _describe(self) -> dict[str, Any]:
        return {
            **super()._describe(),
            "content": self._layout.name,
            "url": [hide_secrets(address) for address in self._addresses],
            "known_hash": self._known_hash,
        }

    def _verify(self, path: Path) -> None:
        try:
            received = name_hash(path, self._known_hash)
        except OSError as error:
            raise DatasetError(
                f"{self._filepath} can't be read: {error.strerror}."
            ) from error
        if received != self._known_hash.lower():
            raise DatasetError(
                f"{self._filepath} is not the expected archive: its hash is "
                f"{received}, expected {self._known_hash}. Delete the file, and the next "
                "run fetches it again. Or, if you want this file, change the `hash` "
                "setting (`archive` in conf/local/globals.yml)."
            )

    def _fetch(self) -> None:
        """Fetch the archive to its path. It appears there whole and verified."""
        if not self._addresses:
            raise DatasetError(self._how_to_provide("no url is set for it"))
        try:
            if isinstance(self._fs, LocalFileSystem):
                _check_writable(Path(self._path).parent)
                fetch(self._addresses, self._known_hash, Path(self._path))
                return
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / PurePosixPath(self._path).name
                fetch(self._addresses, self._known_hash, file)
                with replacing(self._fs, self._path) as temporary:
                    os.replace(file, temporary)
        except ConnectionError as error:
            raise DatasetError(
                self._how_to_provide(f"fetching it failed ({error})")
            ) from error

    def _how_to_provide(self, reason: str) -> str:
        shown = " or ".join(hide_secrets(address) for address in self._addresses)
        source = f", from {shown} (with any browser)" if shown else ""
        return (
            f"The archive of {self._layout.name} is missing, and {reason}.\n"
            f"Either put it at {self._filepath}{source}; its hash is {self._known_hash}.\n"
            "Or point `archive` (url, hash, filepath) in conf/local/globals.yml at another "
            "copy.\n"
            "Or use the sample, which needs no archive: `kedro run --env sample`."
        )


def _check_source(addresses: list[str], known_hash: str) -> None:
    for address in addresses:
        if not str(address).startswith("https://"):
            raise SettingsError(
                "`url` must start with https://, received "
                f"{hide_secrets(str(address))!r}."
            )
    digests = r"md5:[\da-fA-F]{32}|sha256:[\da-fA-F]{64}"
    if not re.fullmatch(digests, str(known_hash)):
        raise SettingsError(
            "The hash must be 'md5:' and 32 or 'sha256:' and 64 hexadecimal "
            f"digits, received {known_hash!r}."
        )


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DatasetError(
            f"The archive can't be saved to {folder}: {error.strerror}. "
            "Make that folder writable, or set another path (`archive` in "
            "conf/local/globals.yml)."
        ) from error


def _join(
    records: dict[str, np.ndarray], names: list[str], layout: Layout
) -> LabelledImages:
    """Join batches into one part, and take each of them out of ``records``.

    This saves memory. ``np.empty`` occupies it only where something is written, and each
    batch is freed once it is copied. So memory holds the images once, plus one batch.
    """
    size = sum(len(records[name]) for name in names)
    images = np.empty((size, 32, 32, 3), np.uint8)
    labels = np.empty(size, np.uint8)
    start = 0
    for name in names:
        batch = records.pop(name)
        stop = start + len(batch)
        labels[start:stop] = batch[:, layout.label]
        planes = batch[:, len(layout.classes) :].reshape(-1, 3, 32, 32)
        images[start:stop] = planes.transpose(0, 2, 3, 1)
        start = stop
    return {"images": images, "labels": labels}
