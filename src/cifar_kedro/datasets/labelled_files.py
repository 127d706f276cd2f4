"""A folder of images in which the folder's name is the class."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from fsspec import AbstractFileSystem
from PIL import Image

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.found_images import find_images
from cifar_kedro.datasets.images import MOST_NAMED

LAYOUT = "expected train/CLASS/... and, if you have one, test/CLASS/..."


@dataclass(frozen=True)
class LabelledFile:
    """A file that may be an image, and its class.

    Attributes:
        name: Its path within the folder: ``train/cat/1.png``.
        class_name: The name of the class's folder.
        version: Another text once the file has changed.
        load: Reads the image.
    """

    name: str
    class_name: str
    version: str
    load: Callable[[], Image.Image] = field(compare=False)

    @property
    def order(self) -> tuple[str, str, str]:
        """What images are sorted by: the file's name, then its class.

        So a data set that was written out as ``00000.png``, ``00001.png`` and so on comes
        back in its own order.
        """
        within = self.name.split("/", 2)[2]
        return normalize(within), self.class_name, self.name


@dataclass(frozen=True)
class LabelledFiles:
    """What lies in a folder.

    Attributes:
        class_names: Sorted.
        parts: The files of ``train`` and of ``test``, in order; without ``test/`` only
            of the first.
        strays: Files of no class: the version of each, by its path within the folder.
    """

    class_names: list[str]
    parts: dict[str, list[LabelledFile]]
    strays: dict[str, str]


def list_labelled_files(fs: AbstractFileSystem, root: str, shown: str) -> LabelledFiles:
    """List the files by part and class; none is opened.

    Args:
        fs: File system of the folder.
        root: The folder.
        shown: What to call it in messages.

    Raises:
        DatasetError: If the folders are not those of two or more classes, each with files.
    """
    folders = {
        part: _list_classes(fs, f"{root}/{part}", f"{shown}/{part}")
        for part in ("train", "test")
        if fs.isdir(f"{root}/{part}")
    }
    if "train" not in folders:
        raise DatasetError(f"There is no folder {shown}/train: {LAYOUT}.")
    if len(folders["train"]) < 2:
        raise DatasetError(
            f"{shown}/train: received {len(folders['train'])} folder of a class "
            f"({name_some(sorted(folders['train']))}), expected two or more: one for each "
            "class."
        )
    parts: dict[str, list[LabelledFile]] = {}
    strays: dict[str, str] = {}
    for part, classes in folders.items():
        _check_classes(classes, folders["train"], f"{shown}/{part}")
        parts[part], found = _list_part(fs, root, part)
        strays |= found
        if empty := classes - {file.class_name for file in parts[part]}:
            raise DatasetError(
                f"There are no files in {len(empty)} of {len(classes)} folders of "
                f"{shown}/{part}: {name_some(sorted(empty))}. Put images there, or remove "
                "the folder."
            )
    return LabelledFiles(sorted(folders["train"]), parts, strays)


def _list_part(
    fs: AbstractFileSystem, root: str, part: str
) -> tuple[list[LabelledFile], dict[str, str]]:
    """List the files of a part in order, and those of no class."""
    files: list[LabelledFile] = []
    strays: dict[str, str] = {}
    for name, image in find_images(fs, f"{root}/{part}").items():
        folder, inside, _ = name.partition("/")
        if inside:
            label = normalize(folder)
            file = LabelledFile(f"{part}/{name}", label, image.version, image.load)
            files.append(file)
        else:
            strays[f"{part}/{name}"] = image.version
    return sorted(files, key=lambda file: file.order), strays


def normalize(name: str) -> str:
    """Write a name as one does who types it: macOS may split an accent from its letter."""
    return unicodedata.normalize("NFC", name)


def _list_classes(fs: AbstractFileSystem, folder: str, shown: str) -> set[str]:
    """List the names of the folders in a folder.

    Raises:
        DatasetError: If two differ in what people, or file systems, do not see; or if
            one is no text.
    """
    names = [
        PurePosixPath(info["name"]).name
        for info in fs.ls(folder, detail=True)
        if info["type"] == "directory"
    ]
    seen: dict[str, str] = {}
    for name in sorted(name for name in names if not name.startswith(".")):
        # Bytes that are no text, and control characters: no page could show them.
        if {unicodedata.category(letter) for letter in name} & {"Cs", "Cc"}:
            raise DatasetError(
                f"{shown} has the folder {name!a}, expected the name of a class, in letters "
                "of any script. Rename it."
            )
        other = seen.setdefault(normalize(normalize(name).casefold()), name)
        if other != name:
            raise DatasetError(
                f"{shown} has the folders {other!a} and {name!a}, whose names differ only "
                "in case or in how accents are stored: expected one folder for each "
                "class. Rename one, or put the images of both into one."
            )
    return {normalize(name) for name in seen.values()}


def _check_classes(classes: set[str], expected: set[str], shown: str) -> None:
    if unknown := classes - expected:
        raise DatasetError(
            f"{shown}: received {len(unknown)} of {len(classes)} classes that train lacks "
            f"({name_some(sorted(unknown))}), expected the same classes in both: no network "
            "can know what it never saw."
        )
    if missing := expected - classes:
        raise DatasetError(
            f"{shown}: received no folder of {len(missing)} of {len(expected)} classes of "
            f"train ({name_some(sorted(missing))}), expected the same classes in both. Add "
            "it; or remove the whole folder test, and a part of train is drawn for it."
        )


def name_some(names: Iterable[str]) -> str:
    """List names for a message, the first of many."""
    named = [repr(name) for name in names]
    if len(named) > MOST_NAMED:
        named[MOST_NAMED:] = [f"and {len(named) - MOST_NAMED} more"]
    return ", ".join(named) or "none"
