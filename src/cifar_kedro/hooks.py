"""Hooks into Kedro's life cycle."""

import logging
from contextlib import ExitStack
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import DatasetError

from cifar_kedro import pipeline_registry
from cifar_kedro.config_loader import is_experiment
from cifar_kedro.keras_settings import check_keras
from cifar_kedro.provenance import now
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
        """
        self._parameters = context.config_loader["parameters"]
        pipeline_registry.use_parameters(self._parameters)
        # Kedro keeps the pipelines of an earlier session of the same process.
        pipelines.configure(pipeline_registry.__name__)

    @hook_impl
    def before_pipeline_run(self, pipeline: Any) -> None:
        """Refuse what would fail later: a wrong Keras, a model that is not there.

        Only here: any other run can do without them.

        Raises:
            ModuleNotFoundError: If Keras' backend is not installed.
            ValueError: If Keras' settings are refused (`check_keras`), or no experiment
                has the name of the one to classify with.
        """
        if any({"modelling", "classify"} & node.tags for node in pipeline.nodes):
            check_keras()
        if not pipeline.only_nodes_with_tags("classify").nodes:
            return
        name = self._parameters["classify"]["experiment"]
        experiments = [n for n, v in self._parameters.items() if is_experiment(v)]
        if name not in experiments:
            raise ValueError(
                f"classify.experiment: received {name!r}, "
                f"expected one of {', '.join(experiments)}"
            )


class FailureHooks:
    """Leaves a note where an experiment fails, which its next try removes.

    The note, ``{experiment}.failure`` in the catalog, is for the summary. A killed or
    interrupted run is no failure, nor is what comes to nothing beside the experiment: its
    figures, the classification of other images. Of nodes that run at the same time
    (`ThreadRunner`) the note may name the wrong one.
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
            except DatasetError as reason:  # the disk may be what failed
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
    """Locks the trainings of a run, and clears their states away when it has ended well.

    Not earlier: whatever a run was killed at, its trainings need not be done again. And
    of no other training: with ``--only-missing-outputs`` Kedro leaves out nodes of the
    pipeline that it shows to hooks, maybe one whose state is of an interrupted run.

    Of nodes in other processes (`ParallelRunner`) hooks hear nothing; nor can the project
    run there, as its network and images are handed on in memory.
    """

    def __init__(self) -> None:
        """Lock nothing yet."""
        self._held = ExitStack()
        self._checkpoints: dict[str, Any] = {}
        self._used: list[Any] = []

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
            self._used.append(data)

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
    def after_pipeline_run(self) -> None:
        """Clear away, and let go."""
        for checkpoint in self._used:
            checkpoint.delete()
        self._held.close()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Let go; the states stay."""
        self._held.close()
