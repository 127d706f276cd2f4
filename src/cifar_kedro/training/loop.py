"""The training loop: Keras' own, with images on the device and our callbacks."""

import logging
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd

from cifar_kedro.config import Execution, Experiment, Training
from cifar_kedro.config.data import LabelledImages, Split
from cifar_kedro.config.run import HISTORY_COLUMNS
from cifar_kedro.datasets.checkpoint import Checkpoint
from cifar_kedro.models.augmentation import AffineAugmentation
from cifar_kedro.models.whitening import whiten
from cifar_kedro.training.backend import count_steps, for_fit, for_training
from cifar_kedro.training.batches import ShuffledBatches
from cifar_kedro.training.callbacks import (
    EpochRecord,
    StopOnDivergence,
    Validation,
    make_schedules_and_stoppers,
)
from cifar_kedro.training.checkpointing import SaveState
from cifar_kedro.training.on_device_images import OnDeviceImages
from cifar_kedro.training.optimization import make_loss, make_optimizer
from cifar_kedro.training.progress import Progress
from cifar_kedro.training.weight_average import WeightAverage

logger = logging.getLogger(__name__)

FIRST = 2000  # training images that whitening and normalization are measured on

EXCESS = (
    "%s: %d epochs were trained already, more than max_epochs=%d asks for. All of them "
    "count. To train no more than max_epochs, start from scratch: --params resume=false"
)


@dataclass
class _Loop:
    """The parts of a training.

    Attributes:
        network: The network that is measured and returned: the trained one or its average.
        model: The training model, from indices to classes.
        batches: What it is trained on.
        average: The moving average of the weights, if the training has one.
        record: History and best weights.
        schedules: The schedules and stoppers.
        callbacks: All callbacks, in their order.
        state: The variables that change in a training.
    """

    network: keras.Model
    model: keras.Model
    batches: ShuffledBatches
    average: WeightAverage | None
    record: EpochRecord
    schedules: list[keras.callbacks.Callback]
    callbacks: list[keras.callbacks.Callback]
    state: list[keras.Variable]
    class_weight: dict[int, float] | None


def fit(
    network: keras.Model,
    development: LabelledImages,
    split: Split,
    experiment: Experiment,
    seed: int,
    *,
    max_epochs: int | None = None,
    execution: Execution = Execution(),
    checkpoint: Checkpoint | None = None,
) -> tuple[keras.Model, keras.Model, pd.DataFrame]:
    """Train a network as its experiment says. Resume if the checkpoint has a state.

    Args:
        network: Built after `prepare_keras`. It changes: use the networks returned.
        development: ``images``, float32 (n, 32, 32, 3) in [0, 1]; ``labels``, uint8 (n,).
        split: Which of them train, and which validate.
        experiment: The experiment.
        seed: Draws order, dropout and augmentation.
        max_epochs: Upper bound on the experiment's epochs.
        execution: How to use the hardware.
        checkpoint: Where to keep the state after each epoch; nowhere if None.

    Returns:
        The network with the weights at the end of training. If the optimizer has an
        ``ema_momentum``, it has their moving average. Then a copy with the weights of the
        best val_accuracy. Then the history: a row per epoch, columns `HISTORY_COLUMNS`.

    Raises:
        DivergenceError: If the loss is not finite.
        SettingsError: If the steps of an execution don't divide those of an epoch.
        DatasetError: If the checkpoint is damaged or another training's.
    """
    loop = _prepare(network, development, split, experiment, seed, execution)
    epochs = min(experiment.training.epochs, max_epochs or experiment.training.epochs)
    stopped = _resume(loop, checkpoint, experiment.name, epochs)
    _train(loop, epochs, experiment.name, stopped=stopped)
    best = keras.models.clone_model(loop.network)
    best.set_weights(loop.record.best_weights)
    return loop.network, best, pd.DataFrame(loop.record.rows)[HISTORY_COLUMNS]


def _prepare(
    network: keras.Model,
    development: LabelledImages,
    split: Split,
    experiment: Experiment,
    seed: int,
    execution: Execution,
) -> _Loop:
    """Make all parts of a training."""
    training, train = experiment.training, split["train"]
    first = development["images"][train[:FIRST]]
    if whitening := experiment.network.whitening:
        whiten(network, first, whitening)
    images = OnDeviceImages(development["images"])
    batches = _order(development["labels"], train, experiment, seed)
    model = _join(network, images, experiment, seed)
    _compile(model, training, execution, batches.steps_per_epoch)
    average = None
    if training.optimizer.ema_momentum:
        average = WeightAverage(network, model.optimizer, first)
        network = average.network
    record, schedules = EpochRecord(network), make_schedules_and_stoppers(training)
    indices = split["validation"]
    labels = development["labels"][indices]
    validation = Validation(network, images, indices, labels, make_loss(training))
    callbacks = [validation, record, *schedules, Progress(experiment.name, len(train))]
    return _Loop(
        network=network,
        model=model,
        batches=batches,
        average=average,
        record=record,
        schedules=schedules,
        callbacks=[StopOnDivergence(), *filter(None, [average]), *callbacks],
        state=_state_of(model, images),
        class_weight=_weigh_classes(development["labels"][train], training),
    )


def _weigh_classes(labels: np.ndarray, training: Training) -> dict[int, float] | None:
    """Give each class its weight in the loss; none if all images weigh the same."""
    if not training.class_weight:
        return None
    counts = np.bincount(labels)
    return dict(enumerate((len(labels) / (len(counts) * counts)).tolist()))


def _resume(loop: _Loop, checkpoint: Checkpoint | None, name: str, epochs: int) -> bool:
    """Save the state after each epoch from now on. Restore one that is there.

    Returns:
        Whether a callback ended the training already.
    """
    if not checkpoint:
        return False
    saving = SaveState(checkpoint, loop.state, loop.record, loop.schedules)
    loop.callbacks.append(saving)
    shapes = [tuple(variable.shape) for variable in loop.state]
    state = checkpoint.load() or checkpoint.load_bounded(epochs, shapes)
    if not state:
        return False
    saving.restore(state)
    logger.info("%s: resumed after epoch %d", name, len(state.history))
    return state.stopped


def _train(loop: _Loop, epochs: int, name: str, *, stopped: bool) -> None:
    """Train the epochs that are left, if any."""
    done = len(loop.record.rows)
    if done > epochs:
        logger.warning(EXCESS, name, done, epochs)
    if done < epochs and not stopped:
        loop.batches.first_epoch = done
        loop.model.fit(
            for_fit(loop.batches),
            steps_per_epoch=loop.batches.steps_per_epoch,
            shuffle=False,  # the batches are shuffled already
            initial_epoch=done,
            epochs=epochs,
            callbacks=loop.callbacks,
            class_weight=loop.class_weight,
            verbose=0,
        )
    elif loop.average:
        loop.average.update()


def _order(
    labels: np.ndarray, train: np.ndarray, experiment: Experiment, seed: int
) -> ShuffledBatches:
    return ShuffledBatches(
        labels,
        train,
        experiment.training.batch_size,
        seed,
        experiment.training.drop_remainder,
        alternate=_alternates(experiment),
    )


def _alternates(experiment: Experiment) -> bool:
    augmentation = experiment.augmentation
    return augmentation is not None and augmentation.horizontal_flip == "alternating"


def _join(
    network: keras.Model, images: OnDeviceImages, experiment: Experiment, seed: int
) -> keras.Model:
    """Make the training model: images, augmentation (if any) and network.

    It shares the network's variables. The network itself stays uncompiled, without
    images and augmentation. So it is saved without them.
    """
    indices = keras.Input((), dtype="int32")
    x = images(indices)
    if experiment.augmentation:
        augment = AffineAugmentation(experiment.augmentation, seed)
        x = augment(x, indices < 0 if _alternates(experiment) else None)
    return keras.Model(indices, for_training(network)(x))


def _compile(
    model: keras.Model, training: Training, execution: Execution, steps: int
) -> None:
    """Compile the training model. An epoch has `steps` steps."""
    model.compile(
        optimizer=make_optimizer(training, steps),
        loss=make_loss(training),
        metrics=["accuracy"],
        steps_per_execution=count_steps(execution, steps),
    )


def _state_of(model: keras.Model, images: OnDeviceImages) -> list[keras.Variable]:
    """List the variables that change in a training: all but the images."""
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    changing = [v for v in model.variables if v is not images.images]
    return [*changing, *optimizer.variables]
