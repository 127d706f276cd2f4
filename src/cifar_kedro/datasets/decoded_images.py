"""Decoded images of files, kept from one reading to the next."""

import hashlib
import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cifar_kedro.config.data import ImageShape
from cifar_kedro.datasets.decoding import decode_images
from cifar_kedro.datasets.labelled_files import LabelledFile
from cifar_kedro.datasets.npz import Arrays, DamagedFileError, NpzDataset

logger = logging.getLogger(__name__)


class Decoded(NamedTuple):
    """The images of files.

    Attributes:
        files: Those that can be used, in the order in which they were given.
        kept: ``images``, uint8 (n, side, side, channels), of these files; and ``keys``
            (n,), each made of a file's name and version.
        problems: Why another file can't be used, by its name.
        changed: Whether `kept` differs from what was kept before.
    """

    files: list[LabelledFile]
    kept: Arrays
    problems: dict[str, str]
    changed: bool


def decode_changed(
    before: NpzDataset,
    files: Sequence[LabelledFile],
    image_shape: ImageShape,
    label: str,
) -> Decoded:
    """Give the images of files; decode only those that are new or have changed.

    Args:
        before: What was kept; it is not written to.
        files: What to read.
        image_shape: What is made of each.
        label: Of the progress bar.
    """
    known = _load(before, image_shape)
    keys = np.array([_make_key(file) for file in files], "S32")
    rows = {key: row for row, key in enumerate(known["keys"].tolist())}
    row_of = np.array([rows.get(key, -1) for key in keys.tolist()], np.int64)
    new = np.flatnonzero(row_of < 0).tolist()
    decoded, found = decode_images([files[i].load for i in new], image_shape, label)
    if new:
        logger.info("Decoded %d of %d images: new ones", len(new), len(files))
    images = _merge(known["images"], decoded, row_of)
    problems = {new[index]: why for index, why in found.items()}
    usable = [i for i in range(len(files)) if i not in problems]
    if problems:
        keys, images = keys[usable], images[usable]
    return Decoded(
        files=[files[i] for i in usable],
        kept={"keys": keys, "images": images},
        problems={files[i].name: why for i, why in problems.items()},
        changed=not np.array_equal(keys, known["keys"]),
    )


def _load(before: NpzDataset, image_shape: ImageShape) -> Arrays:
    """Load what was kept, if it is there and of this shape."""
    if before.exists():
        try:
            arrays = before.load()
            if arrays["images"].shape == (len(arrays["keys"]), *image_shape):
                return arrays
        except (DamagedFileError, KeyError):
            shown = before._describe()["filepath"]
            logger.warning("%s is damaged: all images are decoded anew", shown)
    nothing = np.empty((0, *image_shape), np.uint8)
    return {"keys": np.empty(0, "S32"), "images": nothing}


def _make_key(file: LabelledFile) -> str:
    text = f"{file.name}\0{file.version}".encode(errors="surrogateescape")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def _merge(known: np.ndarray, decoded: np.ndarray, row_of: np.ndarray) -> np.ndarray:
    """Put known and decoded images in order, without a copy if there is only one kind."""
    if len(decoded) == len(row_of):
        return decoded
    if np.array_equal(row_of, np.arange(len(known))):
        return known
    images = np.empty((len(row_of), *known.shape[1:]), np.uint8)
    images[row_of >= 0] = known[row_of[row_of >= 0]]
    images[row_of < 0] = decoded
    return images
