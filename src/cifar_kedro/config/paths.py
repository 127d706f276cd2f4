"""Paths as people write them: ``~`` and environment variables stand for what they name."""

import os
import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from cifar_kedro.config.errors import SettingsError

# Kedro's names for a path in the catalog, and kedro-mlflow's in mlflow.yml.
PATH_KEYS = (
    *("filename", "filepath", "path"),
    *("mlflow_tracking_uri", "mlflow_registry_uri"),
)

# As `os.path.expandvars` has it; ${globals:data} is none.
_VARIABLE = re.compile(r"\$(\w+|\{\w+\})", re.ASCII)


def expand_path(path: str) -> str:
    """Replace environment variables, and the ``~`` that a path begins with.

    A relative path stays relative, and an address changes by its variables only.

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
        # An empty one would make "$DATA/images" a folder of the disk's root.
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
        section: What the file has; paths are told by their keys.
        name: The section's, for messages.

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
