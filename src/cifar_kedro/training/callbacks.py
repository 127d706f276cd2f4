"""What happens at the end of an epoch, as Keras callbacks.

Their order matters, and is `cifar_kedro.training.loop.fit`'s: the average of the weights if
there is one (`cifar_kedro.training.weight_average`), validation, record, schedules and
stoppers, progress, state.
"""

import logging
import math
import time
from typing import Any

import keras
import numpy as np

from cifar_kedro.config import Training
from cifar_kedro.config.errors import DivergenceError
from cifar_kedro.models.inference import EVALUATION_BATCH
from cifar_kedro.training.on_device_images import OnDeviceImages

logger = logging.getLogger(__name__)


Logs = dict[str, Any]


def make_schedules_and_stoppers(training: Training) -> list[keras.callbacks.Callback]:
    """Make the callbacks that change the rate or end a training, in the report's order."""
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

    def __init__(
        self,
        network: keras.Model,
        images: OnDeviceImages,
        indices: np.ndarray,
        labels: np.ndarray,
        loss: Any,
    ) -> None:
        """Measure a network on some of the images that are on the device.

        Args:
            network: The network.
            images: All images.
            indices: Of those to measure it on, int32 (n,).
            labels: Of these, uint8 (n,).
            loss: As `keras.Model.compile` takes it.
        """
        super().__init__()
        self._indices, self._labels = indices, labels
        chosen = keras.Input((), dtype="int32")
        self._evaluator = keras.Model(chosen, network(images(chosen)))
        self._evaluator.compile(loss=loss, metrics=["accuracy"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure: the means over all images, of each batch's means."""
        count = len(self._labels)
        sums = {"loss": 0.0, "accuracy": 0.0}
        for start in range(0, count, EVALUATION_BATCH):
            batch = slice(start, start + EVALUATION_BATCH)
            indices, labels = self._indices[batch], self._labels[batch]
            means = self._evaluator.test_on_batch(indices, labels, return_dict=True)
            for name in sums:
                sums[name] += float(means[name]) * len(labels)
        # In float32, as Keras' own: as many correct predictions are then the same accuracy.
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
