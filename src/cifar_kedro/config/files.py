"""Which files of a configuration folder are read, and which only look like that."""

import difflib
import logging
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem
from fsspec.utils import glob_translate

from cifar_kedro.config.errors import SettingsError

logger = logging.getLogger(__name__)

SUFFIXES = (".yml", ".yaml", ".json")  # those that Kedro reads

# A text editor may add .txt, and hide it.
_LOOKS_LIKE_SETTINGS = re.compile(r".+\.(ya?ml|json|toml)(\.txt)?", re.IGNORECASE)


class ConfigFiles(LocalFileSystem):
    """Local files for Kedro's loader, whatever their path looks like.

    Files and folders may be links. A folder may have any name: ``[a]`` is no pattern.
    Kedro's own search ignores a link into a hidden folder. But all files of a Kubernetes
    ConfigMap are such links.
    """

    cachable = False  # fsspec would hand out a plain `LocalFileSystem`

    def glob(self, path: str, **kwargs: Any) -> list[str]:
        """Find the visible files (`find_files`).

        Args:
            path: A folder, and a pattern below it.
            kwargs: Ignored.
        """
        first, *parts = Path(path).parts
        folder = Path(first)
        while parts and (folder / parts[0]).is_dir():
            folder /= parts.pop(0)
        return [file.as_posix() for file in find_files(folder, ["/".join(parts)])]


def find_files(folder: Path, patterns: Iterable[str]) -> list[Path]:
    """Find the configuration files of a folder that match one of the patterns.

    Args:
        folder: The folder of one environment.
        patterns: As in Kedro's ``config_patterns``.
    """
    matches = [re.compile(glob_translate(pattern)).match for pattern in patterns]
    return sorted(
        path
        for path in _list_files(folder)
        if path.suffix in SUFFIXES
        and path.is_file()
        and any(match(path.relative_to(folder).as_posix()) for match in matches)
    )


def check_files(folder: Path, patterns: dict[str, list[str]]) -> None:
    """Refuse files that look like settings, but that nothing reads.

    A file may have quite another name. Then it may serve another purpose, such as a key,
    and only gets a warning.

    Args:
        folder: The folder of one environment.
        patterns: Kedro's ``config_patterns`` for each kind of configuration.

    Raises:
        SettingsError: If there is such a file, or a link that leads nowhere.
    """
    read = find_files(folder, [p for several in patterns.values() for p in several])
    for path in sorted(set(_list_files(folder)) - set(read)):
        if path.name in patterns or _LOOKS_LIKE_SETTINGS.fullmatch(path.name):
            _refuse_or_warn(path, folder, patterns)


def check_root(folder: Path, patterns: dict[str, list[str]]) -> None:
    """Refuse settings beside the environments' folders, where nothing reads them.

    Args:
        folder: The folder of all environments (``--conf-source``).
        patterns: Kedro's ``config_patterns``.

    Raises:
        SettingsError: If there is such a file.
    """
    for path in sorted(folder.glob("*")):
        if _LOOKS_LIKE_SETTINGS.fullmatch(path.name) and _resembles(path, patterns):
            raise SettingsError(
                f"{path}: received settings outside any environment, which nothing reads. "
                "Move the file to conf/local, for this machine, or to conf/base, for all"
            )


def _list_files(folder: Path) -> Iterator[Path]:
    """Walk a folder, links included, without files and folders that have hidden names.

    Raises:
        OSError: If a folder can't be read.
    """
    seen = set()
    for parent, folders, files in os.walk(folder, followlinks=True, onerror=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        real = os.path.realpath(parent)
        if real in seen:  # a link to a folder above it
            folders.clear()
            continue
        seen.add(real)
        yield from (Path(parent, name) for name in files if not name.startswith("."))


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # Kedro reports those
        raise error


def _resembles(path: Path, patterns: dict[str, list[str]]) -> str | None:
    """Name the kind of configuration that a file's name resembles, if any."""
    word = re.split(r"[^a-z]", path.name.lower())[0]
    kinds = [*patterns, "experiments"]
    return next(iter(difflib.get_close_matches(word, kinds, 1)), None)


def _refuse_or_warn(path: Path, folder: Path, patterns: dict[str, list[str]]) -> None:
    if not path.is_file():
        reason = "leads nowhere" if path.is_symlink() else "is no file"
        raise SettingsError(
            f"{path}: it {reason}. Remove it, or put a file of settings there"
        )
    kind = _resembles(path, patterns)
    if kind is None:
        logger.warning(
            "%s: nothing reads it. Settings are in files whose names begin with %s",
            path,
            ", ".join(patterns),
        )
        return
    name = {"globals": "globals.yml", "experiments": "parameters_experiments.yml"}.get(
        kind, f"{kind}.yml"
    )
    raise SettingsError(
        f"{path}: nothing reads a file of that name. Expected {folder / name}. Rename it, "
        "or move its content there"
    )
