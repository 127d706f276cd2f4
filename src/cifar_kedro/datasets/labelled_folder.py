"""Images of one's own to learn from: a folder for each class."""

import logging
from typing import Any

import numpy as np

from cifar_kedro.config.data import LabelledImages, RawImages
from cifar_kedro.config.errors import DatasetError, SettingsError
from cifar_kedro.datasets.bad_images import check_bad_images
from cifar_kedro.datasets.decoded_images import Decoded, decode_changed
from cifar_kedro.datasets.drawn_test_set import DrawnTestSet
from cifar_kedro.datasets.identical_images import digest_images
from cifar_kedro.datasets.labelled_files import (
    LabelledFile,
    LabelledFiles,
    list_labelled_files,
    name_some,
)
from cifar_kedro.datasets.npz import NpzDataset
from cifar_kedro.datasets.raw_folder import RawFolderDataset

logger = logging.getLogger(__name__)

_NO_CLASS = "in no class's folder; links to folders are not followed"


class LabelledFolderDataset(RawFolderDataset):
    """Loads ``train/CLASS/...`` and, if it is there, ``test/CLASS/...``.

    Whatever ``classify`` reads can be learnt from, and becomes the same pixels. The class
    names are those of the folders, sorted. Images are sorted by file name, then by class.

    Without ``test/`` a share of each class is drawn for the test, once, by the names of
    the files. It is written down beside the cache as a CSV file and never learnt from,
    whatever the run's seed. Files that come later are learnt from.

    Copies of test images, pixel by pixel, are left out of those to learn from.

    Examples:
        >>> LabelledFolderDataset(
        ...     path="photographs", cache={"filepath": "photographs.npz"}, side=64
        ... ).load()["class_names"]  # doctest: +SKIP
        ['cat', 'dog']
    """

    def __init__(
        self,
        *,
        cache: dict[str, Any],
        test_share: float = 0.2,
        credentials: dict[str, Any] | None = None,
        **folder: Any,
    ) -> None:
        """Describe the folder; nothing is listed yet.

        Args:
            cache: The file of the decoded images: `filepath`, and `credentials` if they
                are others; see `NpzDataset`.
            test_share: The share of each class that is drawn for the test.
            credentials: Given to the file systems; not shown in logs.
            **folder: The folder, and what is made of each image; see `RawFolderDataset`.

        Raises:
            SettingsError: If a setting is out of its bounds.
        """
        super().__init__(credentials=credentials, **folder)
        if not 0 < test_share < 1:
            raise SettingsError(
                f"`test_share`: received {test_share}, expected more than 0 and less than 1"
            )
        self._cache = NpzDataset(**{"credentials": credentials, **cache})
        self._test_share = test_share

    def load(self) -> RawImages:
        """Read all images that are there.

        Returns:
            All that `RawImages` names.

        Raises:
            DatasetError: If the folders are not those of two or more classes, if many
                files are bad, if the folder changes meanwhile, or if the test set was
                drawn with another share.
        """
        listed = list_labelled_files(self._fs, self._path, self._shown)
        files = [file for part in listed.parts.values() for file in part]
        decoded = decode_changed(
            self._cache, files, self._image_shape, f"Images of {self._shown}"
        )
        self._check_unchanged(listed)
        if decoded.changed:
            self._cache.save(decoded.kept)
        problems = dict.fromkeys(listed.strays, _NO_CLASS) | decoded.problems
        count = len(files) + len(listed.strays)
        check_bad_images(problems, count, self._most_bad_share, self._shown)
        train, test = self._divide(decoded, listed)
        return {
            "train": train,
            "test": test,
            "class_names": listed.class_names,
            "name": self._name,
        }

    def _check_unchanged(self, before: LabelledFiles) -> None:
        """Refuse what was read while someone wrote there: of some files, parts."""
        now = list_labelled_files(self._fs, self._path, self._shown)
        if now != before:
            changed = sorted(set(_list_versions(before)) ^ set(_list_versions(now)))
            names = dict.fromkeys(name for name, _ in changed)
            raise DatasetError(
                f"{self._shown} changed while it was read: {name_some(names)}. Wait "
                "until nothing writes there, and run again. Nothing was kept of it."
            )

    def _divide(
        self, decoded: Decoded, listed: LabelledFiles
    ) -> tuple[LabelledImages, LabelledImages]:
        """Divide the images into those to learn from and those of the test."""
        images, files = decoded.kept["images"], decoded.files
        number = {name: index for index, name in enumerate(listed.class_names)}
        labels = np.array([number[file.class_name] for file in files], np.uint16)
        if len(number) <= 256:
            labels = labels.astype(np.uint8)
        if "test" in listed.parts:
            is_test = np.array([file.name.startswith("test/") for file in files])
        else:
            is_test = self._draw(files, listed.class_names)
        is_train = ~is_test & ~_find_copies(images, is_test, files)
        return (
            {"images": images[is_train], "labels": labels[is_train]},
            {"images": images[is_test], "labels": labels[is_test]},
        )

    def _draw(self, files: list[LabelledFile], class_names: list[str]) -> np.ndarray:
        fs, path = self._cache.storage
        shown = self._cache._describe()["filepath"]
        ending = "_test_files.csv"
        drawn = DrawnTestSet(
            fs, path.removesuffix(".npz") + ending, shown.removesuffix(".npz") + ending
        )
        chosen = drawn.choose(files, class_names, self._test_share)
        return np.array([file.name in chosen for file in files])

    def _describe(self) -> dict[str, Any]:
        return {
            **super()._describe(),
            "test_share": self._test_share,
            "cache": self._cache._describe()["filepath"],
        }


def _list_versions(listed: LabelledFiles) -> list[tuple[str, str]]:
    files = [(f.name, f.version) for part in listed.parts.values() for f in part]
    return files + list(listed.strays.items())


def _find_copies(
    images: np.ndarray, is_test: np.ndarray, files: list[LabelledFile]
) -> np.ndarray:
    """Find the images to learn from that are the same as a test image, and name them."""
    digests = digest_images(images)
    copies = ~is_test & np.isin(digests, digests[is_test])
    if copies.any():
        logger.warning(
            "%d images are copies of test images and are left out: %s",
            copies.sum(),
            name_some(files[row].name for row in np.flatnonzero(copies)),
        )
    return copies
