"""The moving average of a network's weights, as a network of its own."""

from typing import Any

import keras
import numpy as np

BATCH = 500  # of these at a time: the activations need memory beside the training's


class WeightAverage(keras.callbacks.Callback):
    """Keeps a second network, with the moving average of the weights of the first.

    The average is the optimizer's (Keras' ``use_ema``): it begins with the weights after
    the first step, and follows each further one. The moving mean and variance of a
    BatchNormalization are none of its variables, and those of the trained network would
    not fit: they are measured anew, with the average's weights (P. Izmailov et al.,
    "Averaging Weights Leads to Wider Optima and Better Generalization", 2018), on
    training images without augmentation, as those that it will see.

    The second network follows from the state of the training alone, so a resumed
    training needs no more of it.

    Attributes:
        network: The second network.
    """

    def __init__(
        self, trained: keras.Model, optimizer: keras.Optimizer, images: np.ndarray
    ) -> None:
        """Follow a training.

        Args:
            trained: The first network.
            optimizer: What trains it, with ``use_ema``.
            images: Some training images, float32 (n, 32, 32, 3) in [0, 1].
        """
        super().__init__()
        self.network = keras.models.clone_model(trained)
        self._trained = trained
        self._optimizer = optimizer
        self._images = images

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Bring the second network up to date."""
        self.update()

    def update(self) -> None:
        """Bring the second network up to date."""
        # Not only the weights: dropout draws while the normalization is measured.
        for own, other in zip(
            self.network.variables, self._trained.variables, strict=True
        ):
            own.assign(other)
        self._optimizer.finalize_variable_values(self.network.trainable_variables)
        # On JAX an assignment shares memory, which Keras' evaluation step gives away.
        for own in self.network.variables:
            own.assign(keras.ops.copy(own))
        measure_normalization(self.network, self._images)


def measure_normalization(network: keras.Model, images: np.ndarray) -> None:
    """Set mean and variance of every BatchNormalization to those over some images.

    As in a training step, which normalizes by a batch and has dropout: over several
    batches, the variance is the mean of theirs.

    Args:
        network: The network, flat: a model within it is left as it is.
        images: Float32 (n, 32, 32, 3) in [0, 1].
    """
    momenta = {
        layer: layer.momentum
        for layer in network.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    }
    if not momenta:
        return
    for start in range(0, len(images), BATCH):
        batch = images[start : start + BATCH]
        for layer in momenta:
            layer.momentum = start / (start + len(batch))  # the mean of all so far
        network(batch, training=True)
    for layer, momentum in momenta.items():
        layer.momentum = momentum
