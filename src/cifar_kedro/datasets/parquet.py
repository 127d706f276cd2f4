"""Image files and labels in parquet tables, as the Hugging Face hub stores them."""

import fnmatch
import io
import json
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from cifar_kedro.config.data import RawImages
from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.bad_images import check_bad_images
from cifar_kedro.datasets.decoding import decode_images
from cifar_kedro.datasets.image_file import read_image
from cifar_kedro.datasets.labelled_files import name_some
from cifar_kedro.datasets.labels import number_classes, read_labels
from cifar_kedro.datasets.raw_folder import RawFolderDataset

# A pyarrow.Table: the package is an extra's.
Table = Any


class ParquetDataset(RawFolderDataset):
    """Loads tables with a column of image files and one of labels.

    Which columns these are, and the class names, the tables of the hub say themselves.
    Images become the same pixels as with ``classify``.

    Examples:
        >>> ParquetDataset(path="beans/data", side=64).load()[
        ...     "class_names"
        ... ]  # doctest: +SKIP
        ['angular_leaf_spot', 'bean_rust', 'healthy']
    """

    def __init__(
        self,
        *,
        train: str | list[str] = "train*.parquet",
        test: str | list[str] = "test*.parquet",
        image: str | None = None,
        label: str | None = None,
        class_names: list[str] | None = None,
        name: str | None = None,
        **folder: Any,
    ) -> None:
        """Describe the tables; nothing is read yet.

        Args:
            train: The files to learn from, in the folder: a pattern, or several.
            test: The files to measure on.
            image: The column of image files; if None, the one that the table names.
            label: The column of labels; if None, the one that the table names.
            class_names: By label; if None, those that the table names, or else numbers.
            name: Of the data set; if None, the folder's.
            **folder: The folder, and what is made of each image; see `RawFolderDataset`.

        Raises:
            SettingsError: If a setting is out of its bounds.
        """
        super().__init__(**folder)
        self._patterns = {"train": train, "test": test}
        self._columns = {"Image": image, "ClassLabel": label}
        self._class_names = class_names
        self._name = name or self._name

    def load(self) -> RawImages:
        """Read and decode all images.

        Returns:
            All that `RawImages` names, in the order of the tables, of which those of a
            pattern are sorted by name.

        Raises:
            DatasetError: If files are missing or damaged, many images are bad, columns or
                labels are others, or pyarrow is not installed; the message says which.
        """
        images, labels = {}, {}
        for part in ("train", "test"):
            table = self._read(part)
            features = _read_features(table)
            image = self._find_column(table, features, "Image", "image")
            label = self._find_column(table, features, "ClassLabel", "label")
            decoded, usable = self._decode(table[image], part)
            images[part] = decoded[usable]
            numbers = table[label].to_numpy()
            labels[part] = read_labels(numbers, f"{label} of {part}")[usable]
            names = self._class_names or features.get(label, {}).get("names")
        numbered, class_names = number_classes(labels, names)
        return {
            "train": {"images": images["train"], "labels": numbered["train"]},
            "test": {"images": images["test"], "labels": numbered["test"]},
            "class_names": class_names,
            "name": self._name,
        }

    def _read(self, part: str) -> Table:
        """Read the tables of a part, joined."""
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise DatasetError(
                "ParquetDataset needs pyarrow, which the extra `parquet` installs: "
                "pip install -c requirements.lock -e '.[parquet]'"
            ) from error
        tables = []
        for path in self._find_files(part):
            try:
                with self._fs.open(path, "rb") as file:
                    tables.append(pq.read_table(file))
            except pa.ArrowException as error:
                raise DatasetError(
                    f"{path} is damaged, or no parquet table ({error})."
                ) from error
        return pa.concat_tables(tables, promote_options="default")

    def _find_files(self, part: str) -> list[str]:
        """Find the files of a part: those of its first pattern come first."""
        if not self._fs.isdir(self._path):
            raise DatasetError(f"There is no folder {self._shown}.")
        names = {
            PurePosixPath(p).name: p for p in self._fs.ls(self._path, detail=False)
        }
        given = self._patterns[part]
        found: list[str] = []
        for pattern in [given] if isinstance(given, str) else given:
            of_pattern = sorted(fnmatch.filter(names, pattern))
            if not of_pattern:
                raise DatasetError(
                    f"There is no file {pattern} (`{part}`) in {self._shown}, which has "
                    f"{name_some(sorted(names))}."
                )
            found += [names[name] for name in of_pattern]
        return found

    def _find_column(
        self, table: Table, features: dict[str, Any], kind: str, setting: str
    ) -> str:
        """Find the column of a kind: the one that is set, or the only one of the table."""
        chosen = self._columns[kind]
        if chosen in table.column_names:
            return str(chosen)
        of_kind = [key for key, value in features.items() if value.get("_type") == kind]
        if chosen is None and len(of_kind) == 1:
            return of_kind[0]
        raise DatasetError(
            f"`{setting}`: received {chosen or 'no column'}, expected one of "
            f"{', '.join(of_kind or table.column_names)}, which the table has"
        )

    def _decode(self, column: Any, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Decode the images of a part, and say which can be used."""
        loads = [partial(_read_cell, column, row) for row in range(len(column))]
        images, found = decode_images(
            loads, self._image_shape, f"{part} of {self._name}"
        )
        problems = {f"row {row} of {part}": why for row, why in found.items()}
        check_bad_images(problems, len(column), self._most_bad_share, self._shown)
        usable = np.ones(len(column), bool)
        usable[list(found)] = False
        return images, usable

    def _describe(self) -> dict[str, Any]:
        return {**super()._describe(), **self._patterns}


def _read_features(table: Table) -> dict[str, Any]:
    """Read what the hub says of each column; nothing if the table is from elsewhere."""
    text = (table.schema.metadata or {}).get(b"huggingface", b"{}")
    features: dict[str, Any] = json.loads(text).get("info", {}).get("features", {})
    return features


def _read_cell(column: Any, row: int) -> Image.Image:
    cell = column[row].as_py()
    content = cell.get("bytes") if isinstance(cell, dict) else cell
    if not isinstance(content, bytes):
        raise ValueError("the table has no bytes of an image file there")
    return read_image(io.BytesIO(content))
