"""All development images on the device, as a Keras layer."""

from typing import Any

import keras
import numpy as np
from keras import ops


class ResidentImages(keras.layers.Layer):
    """Looks images up by their index.

    On a GPU the images cross the bus once, not once an epoch. On a CPU nothing is
    copied where the backend can share memory with numpy.

    Input: indices, integer (n,); -1 - index names the same image as index (see
    `cifar_kedro.training.batches`). Output: images, float32 (n, height, width, channels).

    Args:
        images: All of them, float32 (N, height, width, channels).
    """

    def __init__(self, images: np.ndarray, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(dtype="float32", trainable=False, **kwargs)
        value: Any = images
        if keras.backend.backend() == "tensorflow":
            from cifar_kedro.training.tensorflow_feed import share_memory

            value = share_memory(images)
        self.images = keras.Variable(value, trainable=False)

    def call(self, indices: Any) -> Any:
        """Return the images of `indices`."""
        indices = ops.where(indices < 0, -1 - indices, indices)
        return ops.take(self.images, indices, axis=0)
