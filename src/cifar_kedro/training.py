"""The training loop: Keras' own, with the report's callbacks."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from cifar_kedro.augmentation import AffineAugmentation
from cifar_kedro.batches import ShuffledBatches
from cifar_kedro.config import Experiment, Training

# Images per step where nothing is learnt: only the memory of the activations bounds it.
EVALUATION_BATCH = 1000

HISTORY_COLUMNS = [
    "epoch",
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "learning_rate",
    "seconds",
]


def fit(
    network: keras.Model,
    train: dict[str, np.ndarray],
    validation: dict[str, np.ndarray],
    experiment: Experiment,
    seed: int,
    max_epochs: int | None = None,
) -> tuple[keras.Model, keras.Model, pd.DataFrame]:
    """Train a network as its experiment says.

    Args:
        network: The network; it holds the weights at the end of training afterwards.
        train: ``images``, float32 (n, 32, 32, 3) in [0, 1]; ``labels``, uint8 (n,).
        validation: The same, for the callbacks.
        experiment: What to do.
        seed: Draws order, dropout and augmentation.
        max_epochs: Upper bound on the experiment's epochs.

    Returns:
        The network, a copy of it with the weights of the best val_accuracy, and the
        history: one row per epoch, columns `HISTORY_COLUMNS`.
    """
    training = experiment.training
    keras.utils.set_random_seed(seed)
    trainee = _trainee(network, experiment, seed)
    batches = ShuffledBatches(train, training.batch_size, seed, training.drop_remainder)
    with tempfile.TemporaryDirectory() as folder:
        best = Path(folder) / "best.keras"
        history = trainee.fit(
            batches,
            steps_per_epoch=batches.steps_per_epoch,
            shuffle=False,  # the batches are
            epochs=min(training.epochs, max_epochs or training.epochs),
            validation_data=(validation["images"], validation["labels"]),
            validation_batch_size=EVALUATION_BATCH,
            callbacks=[
                EpochRecord(),
                BestModel(network, best),
                *make_callbacks(training),
            ],
            verbose="auto" if sys.stdout.isatty() else 2,
        )
        best_network = keras.saving.load_model(best)
    frame = pd.DataFrame({"epoch": np.add(history.epoch, 1), **history.history})
    return network, best_network, frame[HISTORY_COLUMNS]


def _trainee(network: keras.Model, experiment: Experiment, seed: int) -> keras.Model:
    """Compile the network, behind its augmentation if it has one.

    The network itself stays uncompiled and free of augmentation, so that it is saved
    without either.
    """
    layers = [keras.Input(network.input_shape[1:]), network]
    if experiment.augmentation:
        layers.insert(1, AffineAugmentation(experiment.augmentation, seed))
    trainee = keras.Sequential(layers)
    trainee.compile(
        optimizer=make_optimizer(experiment.training),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return trainee


def make_optimizer(training: Training) -> keras.Optimizer:
    """Make the Keras optimizer that a training names."""
    settings = training.optimizer
    if settings.name == "sgd":
        return keras.optimizers.SGD(settings.learning_rate, settings.momentum or 0.0)
    return keras.optimizers.Adam(settings.learning_rate)


def make_callbacks(training: Training) -> list[keras.callbacks.Callback]:
    """Make the callbacks that steer a training, in the report's order."""
    callbacks: list[keras.callbacks.Callback] = []
    if plateau := training.reduce_lr:
        callbacks.append(keras.callbacks.ReduceLROnPlateau(**plateau.model_dump()))
    for metric, patience in training.early_stopping.model_dump(
        exclude_none=True
    ).items():
        callbacks.append(keras.callbacks.EarlyStopping(metric, patience=patience))
    return callbacks


class BestModel(keras.callbacks.ModelCheckpoint):
    """Saves the network, without what stands before it, on its best val_accuracy."""

    def __init__(self, network: keras.Model, filepath: Path) -> None:
        """Save `network` at `filepath`."""
        super().__init__(
            filepath, monitor="val_accuracy", mode="max", save_best_only=True
        )
        self.network = network

    def set_model(self, model: Any) -> None:
        """Watch the network instead of the model that Keras trains."""
        super().set_model(self.network)


class EpochRecord(keras.callbacks.Callback):
    """Adds the learning rate in use and the wall seconds of each epoch to its logs."""

    def on_train_begin(self, logs: Any = None) -> None:
        """Start the clock."""
        self._since = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write both, before another callback changes the rate."""
        logs["learning_rate"] = float(
            keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        )
        now = time.perf_counter()
        logs["seconds"], self._since = now - self._since, now
