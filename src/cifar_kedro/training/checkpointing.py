"""The state of a training, saved after each epoch."""

from typing import Any

import keras

from cifar_kedro.datasets.checkpoint import Checkpoint, TrainingState
from cifar_kedro.training.callbacks import EpochRecord, Logs

# What changes in Keras' callbacks from epoch to epoch. Not `min_delta`: its sign changes
# once, in the first epoch, and would change again after a restart.
COUNTERS = ("best", "wait", "best_epoch", "stopped_epoch", "cooldown_counter")


class SaveState(keras.callbacks.Callback):
    """Saves the state of a training after each epoch.

    It comes after the callbacks whose counters it saves. When a training begins, Keras
    has just reset these counters. So this callback restores them then.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        variables: list[keras.Variable],
        record: EpochRecord,
        schedules: list[keras.callbacks.Callback],
    ) -> None:
        """Save to `checkpoint` what the other arguments hold."""
        super().__init__()
        self._checkpoint = checkpoint
        self._variables = variables
        self._record = record
        self._schedules = schedules
        self._counters: list[dict[str, Any]] = [{} for _ in schedules]

    def restore(self, state: TrainingState) -> None:
        """Go back to `state`."""
        for variable, value in zip(self._variables, state.variables, strict=True):
            variable.assign(value)
        self._record.rows = list(state.history)
        self._record.best_weights = state.best_weights
        self._counters = state.counters

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Restore the counters."""
        for callback, counters in zip(self._schedules, self._counters, strict=True):
            vars(callback).update({k: counters[k] for k in COUNTERS if k in counters})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save the state."""
        self._checkpoint.save(
            TrainingState(
                variables=[keras.ops.convert_to_numpy(v) for v in self._variables],
                best_weights=self._record.best_weights,
                history=self._record.rows,
                counters=[_counters(callback) for callback in self._schedules],
                stopped=self.model.stop_training,
            )
        )


def _counters(callback: keras.callbacks.Callback) -> dict[str, Any]:
    return {name: vars(callback)[name] for name in COUNTERS if name in vars(callback)}
