"""The training loop: Keras' own, on resident images, with the report's callbacks."""

import logging

import keras
import numpy as np
import pandas as pd

from cifar_kedro.config import Execution, Experiment
from cifar_kedro.config.data import LabelledImages
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.config.run import HISTORY_COLUMNS
from cifar_kedro.datasets.checkpoint import Checkpoint
from cifar_kedro.models.augmentation import AffineAugmentation
from cifar_kedro.models.whitening import whiten
from cifar_kedro.training.backend import for_fit, for_training
from cifar_kedro.training.batches import ShuffledBatches
from cifar_kedro.training.callbacks import (
    EpochRecord,
    StopOnDivergence,
    Validation,
    make_steering,
)
from cifar_kedro.training.checkpointing import SaveState
from cifar_kedro.training.optimization import make_loss, make_optimizer
from cifar_kedro.training.progress import Progress
from cifar_kedro.training.resident_images import ResidentImages
from cifar_kedro.training.weight_average import WeightAverage

logger = logging.getLogger(__name__)

EXCESS = (
    "%s: %d epochs were trained already, more than max_epochs=%d asks for. They are handed "
    "over as they are. To train no more than that: --params resume=false"
)


def fit(
    network: keras.Model,
    train: LabelledImages,
    validation: LabelledImages,
    experiment: Experiment,
    seed: int,
    *,
    max_epochs: int | None = None,
    execution: Execution = Execution(),
    checkpoint: Checkpoint | None = None,
) -> tuple[keras.Model, keras.Model, pd.DataFrame]:
    """Train a network as its experiment says, going on where a checkpoint left off.

    Args:
        network: The network, built after `cifar_kedro.training.backend.prepare_keras`. It is
            trained, and afterwards of no more use: take what is returned.
        train: ``images``, float32 (n, 32, 32, 3) in [0, 1]; ``labels``, uint8 (n,).
        validation: The same, for the callbacks.
        experiment: What to do.
        seed: Draws order, dropout and augmentation.
        max_epochs: Upper bound on the experiment's epochs.
        execution: How to use the hardware.
        checkpoint: Where to keep the state after each epoch; nowhere if None.

    Returns:
        The network with the weights at the end of training, or with their moving
        average if the optimizer has an ``ema_momentum``; a copy with those of the best
        val_accuracy; and the history: one row per epoch, columns `HISTORY_COLUMNS`.

    Raises:
        FloatingPointError: If the loss is not finite.
        SettingsError: If the steps of an execution don't divide those of an epoch.
        kedro.io.DatasetError: If the checkpoint is damaged or another training's.
    """
    training = experiment.training
    if whitening := experiment.network.whitening:
        whiten(network, train["images"], whitening)
    images = ResidentImages(train["images"])
    batches = _order(train["labels"], experiment, seed)
    trainee = _join(network, images, experiment, seed)
    trainee.compile(
        optimizer=make_optimizer(training, batches.steps_per_epoch),
        loss=make_loss(training),
        metrics=["accuracy"],
        steps_per_execution=count_steps(execution, batches.steps_per_epoch),
    )
    average = None
    if training.optimizer.ema_momentum:
        average = WeightAverage(network, trainee.optimizer, train["images"])
        network = average.network
    record, steering = EpochRecord(network), make_steering(training)
    callbacks = [
        StopOnDivergence(),
        *([average] if average else []),
        Validation(network, validation, make_loss(training)),
        record,
        *steering,
        Progress(experiment.name, len(train["labels"])),
    ]
    stopped = False
    epochs = min(training.epochs, max_epochs or training.epochs)
    if checkpoint:
        variables = _state_of(trainee, images)
        saving = SaveState(checkpoint, variables, record, steering)
        callbacks.append(saving)
        shapes = [tuple(v.shape) for v in variables]
        if state := checkpoint.load() or checkpoint.load_bounded(epochs, shapes):
            saving.restore(state)
            stopped = state.stopped
            logger.info("%s: resumed after epoch %d", experiment.name, len(record.rows))
    if (done := len(record.rows)) > epochs:
        logger.warning(EXCESS, experiment.name, done, max_epochs)
    if done < epochs and not stopped:
        batches.first_epoch = done
        trainee.fit(
            for_fit(batches),
            steps_per_epoch=batches.steps_per_epoch,
            shuffle=False,  # the batches are
            initial_epoch=done,
            epochs=epochs,
            callbacks=callbacks,
            verbose=0,
        )
    elif average:
        average.update()
    best_network = keras.models.clone_model(network)
    best_network.set_weights(record.best_weights)
    return network, best_network, pd.DataFrame(record.rows)[HISTORY_COLUMNS]


def _order(labels: np.ndarray, experiment: Experiment, seed: int) -> ShuffledBatches:
    training = experiment.training
    return ShuffledBatches(
        *(labels, training.batch_size, seed, training.drop_remainder),
        alternate=_alternates(experiment),
    )


def _alternates(experiment: Experiment) -> bool:
    augmentation = experiment.augmentation
    return augmentation is not None and augmentation.horizontal_flip == "alternating"


def _join(
    network: keras.Model, images: ResidentImages, experiment: Experiment, seed: int
) -> keras.Model:
    """Join images, augmentation if there is any, and network: from rows to classes.

    The network itself stays uncompiled and free of both, so that it is saved without
    them. Its variables are the trainee's.
    """
    rows = keras.Input((), dtype="int32")
    x = images(rows)
    if experiment.augmentation:
        augment = AffineAugmentation(experiment.augmentation, seed)
        x = augment(x, rows < 0 if _alternates(experiment) else None)
    return keras.Model(rows, for_training(network)(x))


def _state_of(trainee: keras.Model, images: ResidentImages) -> list[keras.Variable]:
    """List what changes in a training: all variables but the images."""
    optimizer = trainee.optimizer
    optimizer.build(trainee.trainable_variables)
    changing = [v for v in trainee.variables if v is not images.images]
    return [*changing, *optimizer.variables]


def count_steps(execution: Execution, per_epoch: int) -> int:
    """Count the steps of an execution.

    They must divide those of an epoch: Keras would go on into the next.
    """
    if execution.steps_per_execution == "epoch":
        return per_epoch
    if per_epoch % execution.steps_per_execution:
        divisors = [n for n in range(1, per_epoch + 1) if per_epoch % n == 0]
        raise SettingsError(
            f"execution.steps_per_execution: received {execution.steps_per_execution}, "
            f"expected a divisor of the {per_epoch} steps of an epoch: "
            f"{', '.join(map(str, divisors))}; or 'epoch' for all of them"
        )
    return execution.steps_per_execution
