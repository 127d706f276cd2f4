"""The pipelines of the configuration in use."""

import logging
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from kedro.framework import project
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from parse import parse

from cifar_kedro.config.errors import SettingsError
from cifar_kedro.config.globals import find_unusable
from cifar_kedro.config.inheritance import is_experiment
from cifar_kedro.config.keras_settings import check_keras
from cifar_kedro.config.session import use_parameters

logger = logging.getLogger(__name__)


class ExperimentHooks:
    """Keeps the pipelines in line with the configuration in use."""

    _parameters: Any = None

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Register the experiments of this session's configuration.

        An environment or ``--conf-source`` may add or change experiments. Kedro does not
        tell ``register_pipelines`` about them.

        Raises:
            SettingsError: If the catalog can't name files where the project lies.
        """
        check_project_path(context.project_path)
        self._parameters = context.config_loader["parameters"]
        use_parameters(self._parameters)
        # Kedro keeps the pipelines of an earlier session of the same process.
        pipelines.configure(f"{project.PACKAGE_NAME}.pipeline_registry")

    @hook_impl
    def after_catalog_created(self, conf_catalog: dict[str, Any]) -> None:
        """Warn of a catalog entry that no pipeline uses, if its name resembles a used one.

        Someone may have written it in conf/local to replace an entry.
        """
        everything = (pipelines["__default__"], pipelines["classify"])
        used = {name for pipeline in everything for name in pipeline.datasets()}
        used |= {name.replace(".model", ".failure") for name in used}  # `FailureHooks`
        for entry, meant in find_misspelt_entries(conf_catalog, used).items():
            logger.warning(
                "catalog entry '%s': no pipeline uses it. Did you mean '%s'?",
                entry,
                meant,
            )

    @hook_impl
    def before_pipeline_run(self, pipeline: Any) -> None:
        """Refuse what would fail later: a wrong Keras, or a missing model.

        It is checked only here: other runs need neither.

        Raises:
            MissingPackageError: If Keras' backend is not installed.
            SettingsError: If Keras' settings are refused (`check_keras`), or if the
                experiment to classify with does not exist.
        """
        if any({"modelling", "classify"} & node.tags for node in pipeline.nodes):
            check_keras()
        if not pipeline.only_nodes_with_tags("classify").nodes:
            return
        name = self._parameters["classify"]["experiment"]
        experiments = [n for n, v in self._parameters.items() if is_experiment(v)]
        if name not in experiments:
            raise SettingsError(
                f"classify.experiment: received {name!r}, "
                f"expected one of {', '.join(experiments)}"
            )


def check_project_path(folder: Path) -> None:
    """Refuse a project whose path has a sign with a meaning in the catalog.

    Raises:
        SettingsError: If there is such a sign.
    """
    if sign := find_unusable(str(folder)):
        raise SettingsError(
            f"The project lies in {folder}. Expected a path without '{sign}', which has a "
            "meaning of its own in the catalog. Move or rename the folder"
        )


def find_misspelt_entries(entries: Iterable[str], used: set[str]) -> dict[str, str]:
    """Find catalog entries that fit no dataset, but almost do.

    Args:
        entries: Names, or patterns such as ``{experiment}.model``.
        used: The names of datasets that pipelines load or save.

    Returns:
        For each such entry, the name that was probably meant.
    """
    fitting = {
        entry for entry in entries if any(parse(entry, dataset) for dataset in used)
    }
    known = sorted(used | fitting)
    meant = {
        entry: get_close_matches(entry, known, 1, cutoff=0.85)
        for entry in set(entries) - fitting
    }
    return {entry: close[0] for entry, close in sorted(meant.items()) if close}
