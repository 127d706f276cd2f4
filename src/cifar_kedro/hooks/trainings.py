"""Locks of trainings, and what becomes of their states."""

from contextlib import ExitStack
from typing import Any

from kedro.framework.hooks import hook_impl

from cifar_kedro.config import Experiment
from cifar_kedro.datasets.training_lock import hold_locks
from cifar_kedro.evaluation.stopping import find_stop


class CheckpointHooks:
    """Locks the trainings of a run. Deletes or keeps their states when it has ended well.

    Not earlier: if a run is killed at any point, no finished epoch must be trained again.
    Only states of trainings that ran are touched. With ``--only-missing-outputs`` Kedro
    shows hooks the whole pipeline, but leaves nodes out. Such a node may have the state
    of an interrupted run.

    A training that came to its own end leaves no state. If `max_epochs` ended it, the
    state is kept: a run with a larger `max_epochs` goes on from it.
    """

    def __init__(self) -> None:
        """Lock nothing yet."""
        self._held = ExitStack()
        self._checkpoints: dict[str, Any] = {}
        self._used: dict[str, Any] = {}

    @hook_impl
    def before_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Lock all trainings, or none.

        Raises:
            DatasetError: If another process has the lock of one.
        """
        self._held.close()  # locks of an interrupted run in the same process
        self._used.clear()
        names = sorted(n for n in pipeline.inputs() if n.endswith(".checkpoint"))
        self._checkpoints = {n.partition(".")[0]: catalog.load(n) for n in names}
        locks = [c.lock for c in self._checkpoints.values() if c.lock]
        self._held.enter_context(hold_locks(locks))

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Remember the checkpoints of the trainings that run."""
        if dataset_name.endswith(".checkpoint"):
            self._used[dataset_name.removesuffix(".checkpoint")] = data

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Write no file of a training whose lock another process has taken.

        Raises:
            LockLostError: If that is so.
        """
        checkpoint = self._checkpoints.get(dataset_name.partition(".")[0])
        if checkpoint and checkpoint.lock:
            checkpoint.lock.check()

    @hook_impl
    def after_pipeline_run(self, catalog: Any) -> None:
        """Delete or keep the states, and release the locks."""
        with self._held:
            for name, checkpoint in self._used.items():
                experiment = Experiment.model_validate(catalog.load(f"params:{name}"))
                if find_stop(catalog.load(f"{name}.history"), experiment.training):
                    checkpoint.delete()
                else:
                    checkpoint.keep_bounded()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Release the locks. The states stay."""
        self._held.close()
