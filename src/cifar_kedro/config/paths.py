"""Paths as people write them, with ``~`` and environment variables."""

import os
import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from cifar_kedro.config.errors import SettingsError

# Kedro's names for a path in the catalog, and kedro-mlflow's in mlflow.yml.
PATH_KEYS: tuple[str, ...] = ("filename", "filepath", "path")
PATH_KEYS += ("mlflow_tracking_uri", "mlflow_registry_uri")

# The syntax of `os.path.expandvars`. ${globals:data} is no such variable.
_VARIABLE = re.compile(r"\$(\w+|\{\w+\})", re.ASCII)


def expand_path(path: str) -> str:
    """Replace environment variables, and a ``~`` at the beginning.

    A relative path stays relative. In an address only variables are replaced.

    Args:
        path: A path of this machine, or an address.

    Raises:
        SettingsError: If a variable is not set or empty, or if there is no such user.

    Examples:
        >>> os.environ["CIFAR_DATA"] = "/mnt/cifar"
        >>> expand_path("$CIFAR_DATA/images")
        '/mnt/cifar/images'
    """
    for variable in _VARIABLE.findall(path):
        name = variable.strip("{}")
        # An empty one would turn "$DATA/images" into "/images".
        if not os.environ.get(name):
            raise SettingsError(
                f"received '{path}', but the environment variable {name} is not set or "
                "empty. Set it, or write the path in full"
            )
    expanded = os.path.expanduser(os.path.expandvars(path))
    if expanded.startswith("~"):
        raise SettingsError(
            f"received '{path}', but this machine knows no home folder for "
            f"'{expanded.split('/')[0]}'. Write the path in full"
        )
    return expanded


PathOrAddress = Annotated[str, Field(min_length=1), AfterValidator(expand_path)]


def expand_paths(section: Any, name: str) -> Any:
    """Expand every path in a section of a configuration file, at any depth.

    Args:
        section: The section. A path is found by its key.
        name: The section's name, for messages.

    Returns:
        A copy.

    Raises:
        SettingsError: If a path can't be expanded.
    """
    if isinstance(section, dict):
        return {
            key: expand_paths(value, f"{name}.{key}") for key, value in section.items()
        }
    if isinstance(section, str) and name.endswith(tuple(f".{k}" for k in PATH_KEYS)):
        try:
            return expand_path(section)
        except ValueError as error:
            raise SettingsError(f"{name}: {error}") from error
    return section
