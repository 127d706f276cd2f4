"""Kedro's configuration loader, plus the inheritance between experiments."""

import copy
import difflib
import operator
import re
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem
from kedro.config import MissingConfigException, OmegaConfigLoader
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel

from cifar_kedro.config import AirflowDag, Globals, Mlflow, RunSettings
from cifar_kedro.config.errors import SettingsError, check_section
from cifar_kedro.config.files import ConfigFiles, check_files, check_root
from cifar_kedro.config.paths import expand_paths
from cifar_kedro.config.strict_yaml import read_yaml, refuse_common_blocks

# The pipelines that are not an experiment's: see `pipeline_registry`.
RESERVED_NAMES = ("classify", "data_engineering", "modelling", "reporting")

# What is no experiment: Kedro checks the claims where a run needs them.
_OTHER_PARAMETERS = (*RunSettings.model_fields, "claims")


def is_experiment(block: Any) -> bool:
    """Tell an experiment's block from other parameters: one has a title of its own."""
    return isinstance(block, dict) and "title" in block


def inherit_experiments(parameters: dict[str, Any]) -> dict[str, Any]:
    """Complete every experiment with what it takes from the one it builds on.

    Sections are merged key by key at any depth; values and lists are replaced. What
    says which experiment it is (``title``) and what the report says of it
    (``reported``) is its own and is not inherited. Each also learns its ``name``.

    Args:
        parameters: Parameters as loaded: experiments name only their differences.

    Returns:
        The same parameters with complete experiments.

    Raises:
        SettingsError: If a parameter is neither a run setting nor an experiment, or if an
            experiment has an unusable name, or builds on an unknown one or on itself.
    """
    experiments = {k: v for k, v in parameters.items() if is_experiment(v)}
    _check_names(parameters, experiments)
    completed: dict[str, dict[str, Any]] = {}  # merging is slow, and chains are long

    def complete(name: str, heirs: tuple[str, ...] = ()) -> dict[str, Any]:
        if name in completed:
            return completed[name]
        block = experiments[name]
        parent = block.get("builds_on")
        if parent is None:
            return dict(block) | {"name": name}
        if parent in (name, *heirs):
            chain = " -> ".join((*heirs, name, parent))
            raise SettingsError(
                f"{name}.builds_on: experiments build in a circle: {chain}"
            )
        if not isinstance(parent, str) or parent not in experiments:
            raise SettingsError(
                f"{name}.builds_on: received {parent!r}, expected one of the experiments "
                f"{', '.join(experiments)}"
            )
        inherited = {
            key: value
            for key, value in complete(parent, (*heirs, name)).items()
            if key not in ("title", "reported")
        }
        merged = OmegaConf.to_container(OmegaConf.merge(inherited, block))
        completed[name] = merged | {"name": name}  # type: ignore[operator,assignment]
        return completed[name]

    return parameters | {name: complete(name) for name in experiments}


def _check_names(parameters: dict[str, Any], experiments: dict[str, Any]) -> None:
    """Refuse what no one would read, and names that paths or pipelines can't have."""
    for name, value in parameters.items():
        if name not in experiments and name not in _OTHER_PARAMETERS:
            allowed = [*_OTHER_PARAMETERS, *experiments]
            close = difflib.get_close_matches(name, allowed, 1)
            hint = f" (did you mean '{close[0]}'?)" if close else ""
            raise SettingsError(
                f"parameter '{name}': received {value!r}, expected one of "
                f"{', '.join(allowed)}{hint}. A new experiment "
                "is a block with a `title`, and what it `builds_on` or its own `network` "
                "and `training`"
            )
    lower = [name.lower() for name in experiments]
    for name, block in experiments.items():
        if block.get("name", name) != name:
            raise SettingsError(
                f"{name}.name: received {block['name']!r}, expected none: a block's name is "
                "its key. What people read is its `title`"
            )
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name in RESERVED_NAMES:
            raise SettingsError(
                f"experiment '{name}': expected a name of letters, digits and _, a letter "
                f"first, that is none of {', '.join(RESERVED_NAMES)}"
            )
        if lower.count(name.lower()) > 1:
            raise SettingsError(
                f"experiment '{name}': expected names that differ in more than upper and "
                "lower case, as folders are named after them"
            )


class ExperimentConfigLoader(OmegaConfigLoader):
    """An `OmegaConfigLoader` whose experiments inherit, and which ignores no setting.

    Inheritance comes after environments and ``--params``: what changes a parent changes
    those that build on it, unless they name a value of their own. Also registers the
    resolver ``${parameters:KEY}`` (``${parameters:SECTION.KEY}``), with which the catalog
    names its paths by seed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what `OmegaConfigLoader` takes.

        Raises:
            SettingsError: If a file looks like settings, but nothing reads it; or if
                ``globals.yml`` is not what `Globals` accepts.
        """
        super().__init__(*args, **kwargs)
        OmegaConf.register_new_resolver(
            "parameters",
            lambda key: reduce(operator.getitem, key.split("."), self._parameters),
            replace=True,
        )
        if self._protocol == "file":
            source = Path(self.conf_source)
            check_root(source, self.config_patterns)
            for env in sorted({self.base_env, self.env or self.default_run_env}):
                check_files(source / env, self.config_patterns)

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Load a kind of configuration; see `OmegaConfigLoader`.

        The paths of the catalog and of ``mlflow.yml`` are expanded: see `expand_path`. In
        globals and parameters they stay as written; the catalog, or a model, expands them.

        Raises:
            SettingsError: If an interpolation can't be resolved, or if the configuration
                is not what the models of its kind accept.
        """
        if key == "parameters":
            return copy.deepcopy(self._parameters)
        config = self._resolve(key)
        if key == "globals":
            _check_file("globals.yml", Globals, config)
        elif key == "catalog":
            self._check_credentials()
            config = expand_paths(config, key)
        elif key == "mlflow":
            _check_file("mlflow.yml", Mlflow, config)
            config = expand_paths(config, key)
        elif key == "airflow":
            for section in config.values():
                _check_file("airflow.yml", AirflowDag, section)
        return config

    @cached_property
    def _parameters(self) -> dict[str, Any]:
        config = inherit_experiments(self._resolve("parameters"))
        check_section(
            RunSettings,
            {k: v for k, v in config.items() if k in RunSettings.model_fields},
        )
        return config

    def _is_valid_config_path(self, path: Path) -> bool:
        """Tell whether Kedro reads a file; what is in it is checked here, before."""
        valid = super()._is_valid_config_path(path)
        if valid:
            read_yaml(self._fs.cat_file(path.as_posix()), path.as_posix())
        return valid

    def _check_duplicates(self, key: str, config_per_file: dict[Path, Any]) -> None:
        """Refuse a block that stands in two files, also one in parts, which Kedro adds."""
        refuse_common_blocks({str(file): b for file, b in config_per_file.items()})

    def _resolve(self, key: str) -> dict[str, Any]:
        try:
            return super().__getitem__(key)
        except OmegaConfBaseException as error:
            if error.full_key is None:
                raise
            raise SettingsError(
                f"{error.full_key} ({key}): {str(error).splitlines()[0]}. In a path an "
                "environment variable is written $NAME, without braces; in credentials, "
                "${oc.env:NAME}"
            ) from error

    def _check_credentials(self) -> None:
        """Refuse a name in globals.yml that credentials.yml lacks."""
        name = self._globals.get("credentials")
        try:
            entries = list(self["credentials"])
        except MissingConfigException:
            entries = []
        if name is not None and name not in entries:
            raise SettingsError(
                f"credentials: received '{name}' in globals.yml, expected an entry of "
                f"credentials.yml, which has {', '.join(entries) or 'none'}"
            )

    @staticmethod
    def _initialise_filesystem_and_protocol(
        conf_source: str,
    ) -> tuple[AbstractFileSystem, str]:
        """Read local folders as `ConfigFiles` does."""
        fs, protocol = OmegaConfigLoader._initialise_filesystem_and_protocol(
            conf_source
        )
        return (ConfigFiles() if protocol == "file" else fs), protocol

    def _is_hidden(self, path_str: str) -> bool:
        """Tell whether a file is hidden; of local ones `ConfigFiles` gives none."""
        return self._protocol != "file" and super()._is_hidden(path_str)


def _check_file(name: str, model: type[BaseModel], config: dict[str, Any]) -> None:
    """Check a section against its model, and name its file where it is refused."""
    try:
        check_section(model, config)
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from error
