"""The parameters in use, for the registry of pipelines. Kedro does not tell it."""

from pathlib import Path
from typing import Any

from kedro.framework.project import settings
from kedro.utils import find_kedro_project

from cifar_kedro.config.files import check_files, find_files
from cifar_kedro.config.inheritance import inherit_experiments
from cifar_kedro.config.strict_yaml import read_yaml, refuse_common_blocks

_in_use: dict[str, Any] = {}


def use_parameters(parameters: dict[str, Any]) -> None:
    """Use a session's parameters instead of those of the project's files."""
    _in_use.clear()
    _in_use.update(parameters)


def read_parameters() -> dict[str, Any]:
    """Return the session's parameters. Without a session, return those in conf/base."""
    return _in_use or _read_base()


def _read_base() -> dict[str, Any]:
    """Read the experiments without a session (``kedro registry list``).

    It reads plain YAML: a second configuration loader would replace the resolvers of
    the session's loader.
    """
    project = find_kedro_project(Path.cwd()) or Path.cwd()
    base = project / settings.CONF_SOURCE / "base"
    patterns = settings.CONFIG_LOADER_ARGS["config_patterns"]
    check_files(base, patterns)
    files = {
        str(path): read_yaml(path.read_bytes(), str(path))
        for path in find_files(base, patterns["parameters"])
    }
    refuse_common_blocks(files)
    return inherit_experiments(
        {name: block for blocks in files.values() for name, block in blocks.items()}
    )
