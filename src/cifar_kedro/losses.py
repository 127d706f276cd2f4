"""From the description of a training to its loss."""

from typing import Any

import keras
from keras import ops

from cifar_kedro.config import Training


def make_loss(training: Training) -> Any:
    """Make the loss: cross-entropy with integer labels, smoothed if the training says so.

    A smoothed target is (1 - s) for the label plus s / 10 for every class.
    """
    if not training.label_smoothing:
        return "sparse_categorical_crossentropy"

    def smoothed_crossentropy(labels: Any, probabilities: Any) -> Any:
        targets = ops.one_hot(ops.reshape(labels, (-1,)), probabilities.shape[-1])
        return keras.losses.categorical_crossentropy(
            targets, probabilities, label_smoothing=training.label_smoothing
        )

    return smoothed_crossentropy
