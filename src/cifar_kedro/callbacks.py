"""What happens at the end of an epoch, as Keras callbacks.

Their order matters, and is `cifar_kedro.training.fit`'s: the average of the weights if
there is one (`cifar_kedro.weight_average`), validation, record, what steers the training,
its progress, its state.
"""

import logging
import math
import sys
import time
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from cifar_kedro.checkpoint import Checkpoint, TrainingState
from cifar_kedro.config import Training
from cifar_kedro.config.errors import DivergenceError
from cifar_kedro.validation import LabelledImages

logger = logging.getLogger(__name__)

# Images per step where nothing is learnt: only the memory of the activations bounds it.
EVALUATION_BATCH = 1000

# What changes in Keras' callbacks from epoch to epoch. Not `min_delta`: they turn its
# sign once, in their first epoch, and would do so again after a restart.
COUNTERS = ("best", "wait", "best_epoch", "stopped_epoch", "cooldown_counter")

Logs = dict[str, Any]


def make_steering(training: Training) -> list[keras.callbacks.Callback]:
    """Make the callbacks that steer a training, in the report's order."""
    callbacks: list[keras.callbacks.Callback] = []
    if plateau := training.reduce_lr:
        callbacks.append(keras.callbacks.ReduceLROnPlateau(**plateau.model_dump()))
    for metric, patience in training.early_stopping.model_dump(
        exclude_none=True
    ).items():
        callbacks.append(keras.callbacks.EarlyStopping(metric, patience=patience))
    return callbacks


class Validation(keras.callbacks.Callback):
    """Adds ``val_loss`` and ``val_accuracy`` to the logs of an epoch.

    As Keras' own validation does, penalties included, but in one pass of large batches
    that starts no input pipeline.
    """

    def __init__(self, network: keras.Model, images: LabelledImages, loss: Any) -> None:
        """Measure `network` on `images`: float32 images in [0, 1], uint8 labels.

        Args:
            network: The network.
            images: What to measure it on.
            loss: As `keras.Model.compile` takes it.
        """
        super().__init__()
        self._images = images
        self._evaluator = keras.Sequential(
            [keras.Input(network.input_shape[1:]), network]
        )
        self._evaluator.compile(loss=loss, metrics=["accuracy"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure: the means over all images, of each batch's means."""
        count = len(self._images["labels"])
        sums = {"loss": 0.0, "accuracy": 0.0}
        for start in range(0, count, EVALUATION_BATCH):
            images, labels = (
                self._images[key][start : start + EVALUATION_BATCH]
                for key in ("images", "labels")
            )
            means = self._evaluator.test_on_batch(images, labels, return_dict=True)
            for name in sums:
                sums[name] += float(means[name]) * len(labels)
        # In float32, as Keras' own: as many right answers are then the same accuracy.
        logs |= {f"val_{k}": float(np.float32(v / count)) for k, v in sums.items()}


class EpochRecord(keras.callbacks.Callback):
    """Keeps what a training is to hand over: its history and its best weights.

    Attributes:
        rows: One per epoch: its number from 1, the logs, the learning rate in use, and
            the wall seconds, average and validation included.
        best_weights: Of the best ``val_accuracy``, the first of equals, as
            `keras.Model.get_weights` gives them.
    """

    def __init__(self, network: keras.Model) -> None:
        """Watch `network`; no epoch has passed yet."""
        super().__init__()
        self._network = network
        self.rows: list[Logs] = []
        self.best_weights: list[np.ndarray] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the clock."""
        self._since = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Add a row, before another callback changes the rate."""
        logs["learning_rate"] = float(
            keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        )
        logs["seconds"] = time.perf_counter() - self._since
        best = max((row["val_accuracy"] for row in self.rows), default=-math.inf)
        if logs["val_accuracy"] > best:
            self.best_weights = self._network.get_weights()
        self.rows.append({"epoch": epoch + 1} | {k: float(v) for k, v in logs.items()})


class StopOnDivergence(keras.callbacks.Callback):
    """Ends a training whose loss is no number any more."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note the epoch, which the message names."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Look at the loss.

        Raises:
            DivergenceError: If it is not finite.
        """
        if not math.isfinite(loss := logs["loss"]):
            kept = f"The state after epoch {self._epoch} is kept. " * (self._epoch > 0)
            raise DivergenceError(
                f"the loss is {loss} at epoch {self._epoch + 1}, step {batch + 1}: the "
                f"training diverged. {kept}Lower training.optimizer.learning_rate, and "
                "start afresh: --params resume=false"
            )


class SaveState(keras.callbacks.Callback):
    """Saves the state of a training after each epoch.

    It comes after the callbacks whose counters it saves, and restores these when the
    training begins, because Keras has just reset them.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        variables: list[keras.Variable],
        record: EpochRecord,
        steering: list[keras.callbacks.Callback],
    ) -> None:
        """Save in `checkpoint` what the others hold."""
        super().__init__()
        self._checkpoint = checkpoint
        self._variables = variables
        self._record = record
        self._steering = steering
        self._counters: list[dict[str, Any]] = [{} for _ in steering]

    def restore(self, state: TrainingState) -> None:
        """Go back to `state`."""
        for variable, value in zip(self._variables, state.variables, strict=True):
            variable.assign(value)
        self._record.rows = list(state.history)
        self._record.best_weights = state.best_weights
        self._counters = state.counters

    def on_train_begin(self, logs: Any = None) -> None:
        """Restore the counters."""
        for callback, counters in zip(self._steering, self._counters, strict=True):
            vars(callback).update({k: counters[k] for k in COUNTERS if k in counters})

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Save."""
        self._checkpoint.save(
            TrainingState(
                variables=[keras.ops.convert_to_numpy(v) for v in self._variables],
                best_weights=self._record.best_weights,
                history=self._record.rows,
                counters=[_counters(callback) for callback in self._steering],
                stopped=self.model.stop_training,
            )
        )


def _counters(callback: keras.callbacks.Callback) -> dict[str, Any]:
    return {name: vars(callback)[name] for name in COUNTERS if name in vars(callback)}


class Progress(keras.callbacks.Callback):
    """A bar while an epoch runs, on a terminal; a line in the log when it has ended."""

    def __init__(self, name: str, images: int) -> None:
        """Call the training `name`; an epoch has `images` images."""
        super().__init__()
        self._name = name
        self._images = images

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the bar."""
        self._since = time.perf_counter()
        self._label = f"{self._name}, epoch {epoch + 1}/{self.params['epochs']}"
        self._bar = tqdm(
            desc=self._label,
            total=self._images,
            unit=" images",
            leave=False,
            disable=not sys.stderr.isatty(),
        )

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Move the bar."""
        done = self._images * (batch + 1) / self.params["steps"]
        self._bar.update(round(done) - self._bar.n)
        self._bar.set_postfix(
            {k: f"{logs[k]:.4f}" for k in ("loss", "accuracy")}, refresh=False
        )
        if batch + 1 == self.params["steps"]:
            self._training_seconds = time.perf_counter() - self._since

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Log the line."""
        self._bar.close()
        epochs_left = self.params["epochs"] - epoch - 1
        logger.info(
            "%s: accuracy %.4f, validation %.4f; loss %.4f, validation %.4f; "
            "learning rate %.2g; %s images/s; %s%s",
            self._label,
            *(logs[k] for k in ("accuracy", "val_accuracy", "loss", "val_loss")),
            logs["learning_rate"],
            f"{self._images / self._training_seconds:,.0f}",
            _duration(logs["seconds"]),
            f", at most {_duration(epochs_left * logs['seconds'])} left"
            if epochs_left
            else "",
        )


def _duration(seconds: float) -> str:
    """Write seconds as people read them: 9 s, 12 min, 3.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
