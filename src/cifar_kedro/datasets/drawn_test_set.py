"""Which files of a folder are the test set: drawn once, written down, kept."""

import csv
import hashlib
import logging
from collections.abc import Sequence
from itertools import chain

from fsspec import AbstractFileSystem

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.atomic_write import replacing
from cifar_kedro.datasets.labelled_files import LabelledFile, name_some, normalize

logger = logging.getLogger(__name__)

FEWEST = 3  # images of a class: one to train, one to validate, one to test
_COLUMNS = ["file", "test_share"]


class DrawnTestSet:
    """The list of the test files: a CSV file."""

    def __init__(self, fs: AbstractFileSystem, path: str, shown: str) -> None:
        """Name the file; nothing is read yet."""
        self._fs, self._path, self._shown = fs, path, shown

    def choose(
        self,
        files: Sequence[LabelledFile],
        class_names: Sequence[str],
        test_share: float,
    ) -> set[str]:
        """Choose the test files, and write them down when they are drawn.

        Those that were written down stay. Files that came since are learnt from; of a class
        that came since, test files are drawn and added.

        Args:
            files: All that can be read.
            class_names: All classes.
            test_share: The share of each class that is drawn.

        Returns:
            Names of files.

        Raises:
            DatasetError: If a class has too few images, or lost all its test images; or if
                the list was drawn with another share.
        """
        by_class: dict[str, list[str]] = {label: [] for label in class_names}
        for file in files:
            by_class[file.class_name].append(normalize(file.name))
        chosen = self._read(test_share)
        self._name_missing(chosen, {normalize(file.name) for file in files})
        known = {name.split("/")[1] for name in chosen}
        new = [label for label in class_names if label not in known]
        drawn = [draw_files(by_class[label], test_share, label) for label in new]
        if drawn:
            chosen += chain.from_iterable(drawn)
            self._write(chosen, test_share)
        for label, names in by_class.items():
            self._check(label, len(names), len(set(names).intersection(chosen)))
        listed = set(chosen)
        return {file.name for file in files if normalize(file.name) in listed}

    def _check(self, label: str, count: int, tested: int) -> None:
        if tested < 1 or count - tested < 2:
            raise DatasetError(
                f"Images of class {label!r}: received {tested} for the test and "
                f"{count - tested} to learn from, expected one or more, and two or more. "
                f"{self._shown} lists the test files, drawn when there were others. Put "
                "the images back; or delete that list to draw another, whose results "
                "can't be compared with those of this one."
            )

    def _read(self, test_share: float) -> list[str]:
        if not self._fs.exists(self._path):
            return []
        text = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}
        with self._fs.open(self._path, "r", **text) as file:
            header, *rows = csv.reader(file)
        if header != _COLUMNS or any(len(row) != 2 for row in rows):
            raise DatasetError(
                f"{self._shown} is no list of test files: expected the columns "
                f"{', '.join(_COLUMNS)}. Delete it to draw another."
            )
        if other := {share for _, share in rows} - {str(test_share)}:
            raise DatasetError(
                f"`test_share`: received {test_share}, but {self._shown} was drawn with "
                f"{', '.join(sorted(other))}. Set that; or delete the list to draw "
                "another, whose results can't be compared with those of this one"
            )
        return [name for name, _ in rows]

    def _write(self, names: list[str], test_share: float) -> None:
        with replacing(self._fs, self._path) as temporary:
            with temporary.open(
                "w", encoding="utf-8", errors="surrogateescape", newline=""
            ) as file:
                writer = csv.writer(file)
                writer.writerow(_COLUMNS)
                writer.writerows((name, test_share) for name in names)
        logger.info("Drew the test set: %d files, in %s", len(names), self._shown)

    def _name_missing(self, listed: list[str], present: set[str]) -> None:
        missing = [name for name in listed if name not in present]
        if missing:
            logger.warning(
                "%d of %d test files of %s are gone, or can't be read: %s",
                len(missing),
                len(listed),
                self._shown,
                name_some(missing),
            )


def draw_files(names: Sequence[str], test_share: float, label: str) -> list[str]:
    """Draw files of one class by their names: the same ones wherever, and in any order.

    Args:
        names: Of all its files.
        test_share: How many of them to draw: at least one, and two are left.
        label: The class, for messages.

    Raises:
        DatasetError: If there are too few.
    """
    if len(names) < FEWEST:
        raise DatasetError(
            f"Images of class {label!r}: received {len(names)}, expected {FEWEST} or more: "
            "one to train, one to validate and one to test."
        )
    count = min(max(round(test_share * len(names)), 1), len(names) - 2)
    ranked = sorted(names, key=_rank)
    return sorted(ranked[:count])


def _rank(name: str) -> bytes:
    """Put names in an order that says nothing of the images, and never changes."""
    return hashlib.sha256(name.encode(errors="surrogateescape")).digest()
