"""Kedro's configuration loader, with inheritance between experiments."""

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
    """An `OmegaConfigLoader` with inheritance between experiments, and strict checks.

    Inheritance comes after environments and ``--params``. A change of an experiment also
    changes those that build on it, unless they have their own value. No setting is
    ignored: a file or key that nothing reads is refused.

    The loader registers the resolver ``${parameters:KEY}``, or
    ``${parameters:SECTION.KEY}``. The catalog uses it to put the seed into its paths.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of `OmegaConfigLoader`.

        Raises:
            SettingsError: If a file looks like settings, but nothing reads it; or if
                `Globals` refuses ``globals.yml``.
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
        """Load one kind of configuration. See `OmegaConfigLoader`.

        The paths of the catalog and of ``mlflow.yml`` are expanded. See `expand_path`. The
        paths of globals and parameters stay as written. The catalog or a model expands
        them later. Catalog entries below `data` take the credentials of ``globals.yml``.
        See `add_credentials`.

        Raises:
            SettingsError: If an interpolation can't be resolved, or if the models of this
                kind refuse the configuration.
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
        """Tell whether Kedro reads a file. Check its content before Kedro does."""
        valid = super()._is_valid_config_path(path)
        if valid:
            read_yaml(self._fs.cat_file(path.as_posix()), path.as_posix())
        return valid

    def _check_duplicates(self, key: str, config_per_file: dict[Path, Any]) -> None:
        """Refuse a block that stands in two files. Kedro would join its parts."""
        refuse_common_blocks({str(file): b for file, b in config_per_file.items()})

    def _resolve(self, key: str) -> dict[str, Any]:
        try:
            return super().__getitem__(key)
        except OmegaConfBaseException as error:
            if error.full_key is None:
                raise
            raise SettingsError(
                f"{error.full_key} ({key}): {str(error).splitlines()[0]}. In a path, write "
                "an environment variable as $NAME, without braces. In credentials, write "
                "${oc.env:NAME}"
            ) from error

    def _open_data(self, catalog: dict[str, Any]) -> dict[str, Any]:
        """Add the credentials that globals.yml names. Refuse a name without an entry."""
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
        """Tell whether a file is hidden. `ConfigFiles` has left out the local ones."""
        return self._protocol != "file" and super()._is_hidden(path_str)


def _check_file(name: str, model: type[BaseModel], config: dict[str, Any]) -> None:
    """Check a section against its model. The message of a refusal names the file."""
    try:
        check_section(model, config)
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from error
