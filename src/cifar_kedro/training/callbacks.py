"""What happens at the end of an epoch, as Keras callbacks.

Their order matters, and `cifar_kedro.training.loop` sets it: the average of the weights (if
any), validation, record, schedules and stoppers, progress, state.
"""

import logging
import math
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from cifar_kedro.config import Training
from cifar_kedro.config.errors import DivergenceError
from cifar_kedro.models.inference import EVALUATION_BATCH
from cifar_kedro.training.on_device_images import OnDeviceImages

logger = logging.getLogger(__name__)

Logs = dict[str, Any]
Loss = str | Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]


def make_schedules_and_stoppers(training: Training) -> list[keras.callbacks.Callback]:
    """Make the callbacks that change the learning rate or end a training.

    They come in the original report's order.
    """
    callbacks: list[keras.callbacks.Callback] = []
    if plateau := training.reduce_lr:
        callbacks.append(keras.callbacks.ReduceLROnPlateau(**plateau.model_dump()))
    stops = training.early_stopping.model_dump(exclude_none=True)
    for metric, patience in stops.items():
        callbacks.append(keras.callbacks.EarlyStopping(metric, patience=patience))
    return callbacks


class Validation(keras.callbacks.Callback):
    """Adds ``val_loss`` and ``val_accuracy`` to the logs of an epoch.

    The values are those of Keras' own validation, penalties included. But here one pass
    of large batches is enough, and no input pipeline has to start.
    """

    def __init__(
        self,
        network: keras.Model,
        images: OnDeviceImages,
        indices: np.ndarray,
        labels: np.ndarray,
        loss: Loss,
    ) -> None:
        """Measure a network on some of the images that are on the device.

        Args:
            network: The network.
            images: All images.
            indices: The images to measure it on, int32 (n,).
            labels: Their labels, uint8 (n,).
            loss: As `keras.Model.compile` takes it.
        """
        super().__init__()
        self._indices, self._labels = indices, labels
        chosen = keras.Input((), dtype="int32")
        self._evaluator = keras.Model(chosen, network(images(chosen)))
        self._evaluator.compile(loss=loss, metrics=["accuracy"])

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Measure: average the batches' means, weighted by their sizes."""
        count = len(self._labels)
        sums = {"loss": 0.0, "accuracy": 0.0}
        for start in range(0, count, EVALUATION_BATCH):
            batch = slice(start, start + EVALUATION_BATCH)
            indices, labels = self._indices[batch], self._labels[batch]
            means = self._evaluator.test_on_batch(indices, labels, return_dict=True)
            for name in sums:
                sums[name] += float(means[name]) * len(labels)
        # Keras rounds to float32, too: equal counts of correct predictions stay equal.
        logs |= {f"val_{k}": float(np.float32(v / count)) for k, v in sums.items()}


class EpochRecord(keras.callbacks.Callback):
    """Keeps what a training returns: its history and its best weights.

    Attributes:
        rows: One per epoch: its number from 1, the logs, the learning rate in use, and
            the wall seconds. These include average and validation.
        best_weights: The weights with the best ``val_accuracy``, the first if several are
            equal. They are as `keras.Model.get_weights` returns them.
    """

    def __init__(self, network: keras.Model) -> None:
        """Watch `network`; no epoch has passed yet."""
        super().__init__()
        self._network = network
        self.rows: list[Logs] = []
        self.best_weights: list[np.ndarray] = []

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the clock."""
        self._since = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Add a row, before another callback changes the learning rate."""
        logs["learning_rate"] = float(
            keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        )
        logs["seconds"] = time.perf_counter() - self._since
        best = max((row["val_accuracy"] for row in self.rows), default=-math.inf)
        if logs["val_accuracy"] > best:
            self.best_weights = self._network.get_weights()
        self.rows.append({"epoch": epoch + 1} | {k: float(v) for k, v in logs.items()})


class StopOnDivergence(keras.callbacks.Callback):
    """Ends a training whose loss is no longer finite.

    Keras' `TerminateOnNaN` does so, too. But its message lacks the epoch, and its error
    is no mistake of the user's.
    """

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the epoch for the message."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """Check the loss.

        Raises:
            DivergenceError: If it is not finite.
        """
        if not math.isfinite(loss := logs["loss"]):
            kept = (
                f"The state after epoch {self._epoch} is kept. " if self._epoch else ""
            )
            raise DivergenceError(
                f"the loss is {loss} at epoch {self._epoch + 1}, step {batch + 1}: the "
                f"training diverged. {kept}Lower training.optimizer.learning_rate, and "
                "start from scratch: --params resume=false"
            )
