"""Hooks into Kedro's life cycle."""

import logging
from collections.abc import Iterable
from contextlib import ExitStack
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import DatasetError as KedroDatasetError
from kedro.pipeline import Pipeline
from parse import parse

from cifar_kedro import pipeline_registry
from cifar_kedro.config import Experiment
from cifar_kedro.config.errors import DatasetError, SettingsError
from cifar_kedro.config.globals import find_unusable
from cifar_kedro.config_loader import is_experiment
from cifar_kedro.keras_settings import check_keras
from cifar_kedro.provenance import now
from cifar_kedro.run_checks import check_backbones, check_runner, check_selection
from cifar_kedro.stopping import find_stop
from cifar_kedro.training_lock import LockLostError, hold_locks

logger = logging.getLogger(__name__)


class ExperimentHooks:
    """Keeps the pipelines in step with the configuration in use."""

    _parameters: Any = None

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Register the experiments of this session's configuration.

        Kedro does not tell ``register_pipelines`` which configuration is in use (an
        environment, another ``--conf-source``), and it may add or change experiments.

        Raises:
            SettingsError: If the catalog can't name files where the project lies.
        """
        check_project_path(context.project_path)
        self._parameters = context.config_loader["parameters"]
        pipeline_registry.use_parameters(self._parameters)
        # Kedro keeps the pipelines of an earlier session of the same process.
        pipelines.configure(pipeline_registry.__name__)

    @hook_impl
    def after_catalog_created(self, conf_catalog: dict[str, Any]) -> None:
        """Warn of a catalog entry that no pipeline uses, but whose name is close to one's.

        Such as one in conf/local that was meant to take another's place.
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
        """Refuse what would fail later: a wrong Keras, a model that is not there.

        Only here: any other run can do without them.

        Raises:
            MissingPackageError: If Keras' backend is not installed.
            SettingsError: If Keras' settings are refused (`check_keras`), or no
                experiment has the name of the one to classify with.
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


class SplitHooks:
    """Refuses to train on a split that is not there, or of which nothing is known."""

    @hook_impl
    def before_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Look for what data engineering writes beside a split.

        Raises:
            DatasetError: If it is missing, and the run does not make it.
        """
        name = "identical_images"
        if name in pipeline.inputs() and not catalog.exists(name):
            raise DatasetError(
                f"There is no {name}.json beside the split of this seed (`{name}` in the "
                "catalog): no split was made, or by an older version. Make it, in the same "
                "environment and with the --params of this run: kedro run --pipelines "
                "data_engineering"
            )


def check_project_path(folder: Path) -> None:
    """Refuse a project whose own path the catalog would read as more than a path.

    Raises:
        SettingsError: If there is a sign in it of which that is so.
    """
    if sign := find_unusable(str(folder)):
        raise SettingsError(
            f"The project lies in {folder}. Expected a path without '{sign}', which the "
            "catalog takes for more than a sign of a name. Move or rename the folder"
        )


def find_misspelt_entries(entries: Iterable[str], used: set[str]) -> dict[str, str]:
    """Find catalog entries that fit no dataset, but nearly do.

    Args:
        entries: Names, or patterns such as ``{experiment}.model``.
        used: The names of datasets that pipelines load or save.

    Returns:
        What was probably meant, by entry.
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


class CheckHooks:
    """Refuses a run that could not come to its end, or whose results would be wrong."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Any, catalog: Any
    ) -> None:
        """Check it before anything is loaded.

        Raises:
            SettingsError: If it needs another runner, or more nodes.
            MissingFileError: If the weights that a training starts from cannot be had.
        """
        names = run_params["pipeline_names"] or ["__default__"]
        whole = sum((pipelines[name] for name in names), Pipeline([]))
        check_runner(run_params["runner"], pipeline, catalog)
        check_selection(pipeline, whole, catalog)
        check_backbones(pipeline, catalog, run_params["only_missing_outputs"])


class FailureHooks:
    """Leaves a note where an experiment fails, which its next try removes.

    The note, ``{experiment}.failure`` in the catalog, is for the summary. A killed or
    interrupted run is no failure, nor is what comes to nothing beside the experiment: its
    figures, the classification of other images.
    """

    _node: Any = None

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget the nodes of an earlier run of the same process."""
        self._node = None

    @hook_impl
    def before_dataset_loaded(self, node: Any) -> None:
        """Remember the node at work: loading, running and saving may fail.

        Kedro's ``on_node_error`` tells of running only.
        """
        self._node = node

    @hook_impl
    def on_pipeline_error(self, error: Exception, catalog: Any) -> None:
        """Leave the note, unless the training is another process's by now."""
        if isinstance(error, LockLostError):
            return
        if self._node and "modelling" in self._node.tags:
            note = {
                "node": self._node.name,
                "error": type(error).__name__,
                "message": str(error),
                "time": now(),
            }
            try:
                catalog.save(f"{self._node.namespace}.failure", note)
            except KedroDatasetError as reason:  # the disk may be what failed
                logger.warning("This failure could not be noted: %s", reason)

    @hook_impl
    def before_node_run(self, node: Any, catalog: Any) -> None:
        """Remove the note of the node that now has another try.

        Before and not after: an error here must not cost what the node has made.
        """
        if node.namespace:  # of any node: earlier versions noted failed figures, too
            failure = catalog.get(f"{node.namespace}.failure")
            if failure.exists() and failure.load()["node"] == node.name:
                failure.delete()


class CheckpointHooks:
    """Locks the trainings of a run, and settles their states when it has ended well.

    Not earlier: whatever a run was killed at, its trainings need not be done again. And
    of no other training: with ``--only-missing-outputs`` Kedro leaves out nodes of the
    pipeline that it shows to hooks, maybe one whose state is of an interrupted run.

    A training that came to its own end leaves no state. That of one that its bound ended
    is kept: a run with a larger bound goes on from it.
    """

    def __init__(self) -> None:
        """Lock nothing yet."""
        self._held = ExitStack()
        self._checkpoints: dict[str, Any] = {}
        self._used: dict[str, Any] = {}

    @hook_impl
    def before_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Lock them all, or none.

        Raises:
            DatasetError: If another process is at one of them.
        """
        self._held.close()  # those of an interrupted run of the same process
        self._used.clear()
        names = sorted(n for n in pipeline.inputs() if n.endswith(".checkpoint"))
        self._checkpoints = {n.partition(".")[0]: catalog.load(n) for n in names}
        locks = [c.lock for c in self._checkpoints.values() if c.lock]
        self._held.enter_context(hold_locks(locks))

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Remember the checkpoints of the trainings that are run."""
        if dataset_name.endswith(".checkpoint"):
            self._used[dataset_name.removesuffix(".checkpoint")] = data

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Leave the files of a training alone that is another process's by now.

        Raises:
            LockLostError: If it is.
        """
        checkpoint = self._checkpoints.get(dataset_name.partition(".")[0])
        if checkpoint and checkpoint.lock:
            checkpoint.lock.check()

    @hook_impl
    def after_pipeline_run(self, catalog: Any) -> None:
        """Clear away or keep, and let go."""
        with self._held:
            for name, checkpoint in self._used.items():
                experiment = Experiment.model_validate(catalog.load(f"params:{name}"))
                if find_stop(catalog.load(f"{name}.history"), experiment.training):
                    checkpoint.delete()
                else:
                    checkpoint.keep_bounded()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Let go; the states stay."""
        self._held.close()
