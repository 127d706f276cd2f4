"""The settings of a machine or a team: ``globals.yml``."""

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, ConfigDict, Field

from cifar_kedro.config.base import Strict
from cifar_kedro.config.paths import PathOrAddress


def find_unusable(path: str) -> str | None:
    """Find a sign that Kedro's catalog, or fsspec, does not read as part of a path.

    Args:
        path: A path of this machine, or an address.

    Returns:
        A brace, which the catalog reads as a placeholder. Or ``::``, which joins
        addresses. None if there is neither.
    """
    signs = ("{", "}") if "://" in path else ("{", "}", "::")
    return next((sign for sign in signs if sign in path), None)


def _check_usable(path: str) -> str:
    if sign := find_unusable(path):
        raise ValueError(
            f"received '{path}', expected a path without '{sign}', which has a meaning of "
            "its own in the catalog. Choose or rename a folder"
        )
    return path


class Archive(Strict):
    """The official binary archive, or a copy of it.

    Attributes:
        url: Where it is fetched from; with null it is never fetched.
        hash: ``md5:`` or ``sha256:`` and the hexadecimal digest.
        filepath: Where it is, or is fetched to. If it is not named: ``01_raw`` of the data.
    """

    url: str | list[str] | None
    hash: str
    filepath: PathOrAddress = ""


class Globals(Strict):
    """The settings of a machine or a team: ``globals.yml``.

    Attributes:
        data: Where everything is read and written.
        credentials: The entry of ``credentials.yml`` that opens that place.
        archive: The archive.
        own: Values for your own catalog entries.
    """

    model_config = ConfigDict(title="globals.yml")
    hint: ClassVar[str] = (
        ". What your own catalog entries need goes below `own`: they read "
        "${globals:own.NAME}"
    )

    data: Annotated[PathOrAddress, AfterValidator(_check_usable)]
    credentials: str | None = None
    archive: Archive
    own: dict[str, Any] = Field(default_factory=dict)
