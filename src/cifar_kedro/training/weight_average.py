"""The moving average of a network's weights, as a network of its own."""

import keras
import numpy as np

from cifar_kedro.training.callbacks import Logs

BATCH = 500  # images: activations need memory, and the training holds some already


class WeightAverage(keras.callbacks.Callback):
    """Keeps a second network with the moving average of the first one's weights.

    The average is the optimizer's (Keras' ``use_ema``). It begins with the weights after
    the first step, and follows every further step. It does not cover the moving mean and
    variance of a BatchNormalization. Those of the trained network would not fit. So they
    are measured again with the averaged weights, as P. Izmailov et al. do ("Averaging
    Weights Leads to Wider Optima and Better Generalization", 2018). They are measured on
    training images without augmentation, like the images that the network will see.

    The second network follows from the state of the training. So a checkpoint need not
    hold it.

    Attributes:
        network: The second network.
    """

    def __init__(
        self, trained: keras.Model, optimizer: keras.Optimizer, images: np.ndarray
    ) -> None:
        """Follow a training.

        Args:
            trained: The first network.
            optimizer: Its optimizer, with ``use_ema``.
            images: Some training images, float32 (n, 32, 32, 3) in [0, 1].
        """
        super().__init__()
        self.network = keras.models.clone_model(trained)
        self._trained = trained
        self._optimizer = optimizer
        self._images = images

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Bring the second network up to date."""
        self.update()

    def update(self) -> None:
        """Bring the second network up to date."""
        # Copy random states, too: dropout draws while the normalization is measured.
        for own, other in zip(
            self.network.variables, self._trained.variables, strict=True
        ):
            own.assign(other)
        self._optimizer.finalize_variable_values(self.network.trainable_variables)
        # On JAX an assignment shares memory, but Keras' evaluation step donates it.
        for own in self.network.variables:
            own.assign(keras.ops.copy(own))
        measure_normalization(self.network, self._images)


def measure_normalization(network: keras.Model, images: np.ndarray) -> None:
    """Measure the mean and variance of every BatchNormalization over some images.

    It works as a training step does: each batch is normalized by itself, with dropout.
    The variance is the mean of the batches' variances.

    Args:
        network: The network. It is flat: layers of a model inside it stay unchanged.
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
            layer.momentum = start / (start + len(batch))  # the mean so far
        network(batch, training=True)
    for layer, momentum in momenta.items():
        layer.momentum = momentum
