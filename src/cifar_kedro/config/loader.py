"""Kedro's configuration loader, plus the inheritance between experiments."""

import copy
import operator
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem
from kedro.config import MissingConfigException, OmegaConfigLoader
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel

from cifar_kedro.config import AirflowDag, Globals, Mlflow, RunSettings
from cifar_kedro.config.credentials import add_credentials
from cifar_kedro.config.errors import SettingsError, check_section
from cifar_kedro.config.files import ConfigFiles, check_files, check_root
from cifar_kedro.config.inheritance import inherit_experiments
from cifar_kedro.config.paths import expand_path, expand_paths
from cifar_kedro.config.strict_yaml import read_yaml, refuse_common_blocks


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
        Entries below `data` take the credentials of ``globals.yml``: see `add_credentials`.

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
            config = self._open_data(expand_paths(config, key))
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

    def _open_data(self, catalog: dict[str, Any]) -> dict[str, Any]:
        """Add the credentials of globals.yml, unless credentials.yml lacks the name."""
        name = self._globals.get("credentials")
        if name is None:
            return catalog
        try:
            entries = list(self["credentials"])
        except MissingConfigException:
            entries = []
        if name not in entries:
            raise SettingsError(
                f"credentials: received '{name}' in globals.yml, expected an entry of "
                f"credentials.yml, which has {', '.join(entries) or 'none'}"
            )
        return add_credentials(catalog, expand_path(self._globals["data"]), name)

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
