"""Hooks into Kedro's life cycle."""

from contextlib import ExitStack
from typing import Any

from kedro.framework.hooks import hook_impl

from cifar_kedro.config import Experiment
from cifar_kedro.datasets.training_lock import hold_locks
from cifar_kedro.evaluation.stopping import find_stop


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
