"""All development images on the device, as a Keras layer."""

from typing import Any

import keras
import numpy as np
from keras import ops

from cifar_kedro.config.data import ALIGNMENT


class OnDeviceImages(keras.layers.Layer):
    """Looks up images by their index.

    The images go to a GPU once, not once an epoch. On a CPU nothing is copied if the
    backend can share memory with numpy.

    Input: indices, integer (n,). Both index and -1 - index name the same image (see
    `cifar_kedro.training.batches`). Output: images, float32 (n, height, width, channels).

    Args:
        images: All images, float32 (N, height, width, channels).
    """

    def __init__(self, images: np.ndarray, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(dtype="float32", trainable=False, **kwargs)
        on_tensorflow = keras.backend.backend() == "tensorflow"
        value = share_memory(images) if on_tensorflow else images
        self.images = keras.Variable(value, trainable=False)

    def call(self, indices: keras.KerasTensor) -> keras.KerasTensor:
        """Return the images of `indices`."""
        indices = ops.where(indices < 0, -1 - indices, indices)
        return ops.take(self.images, indices, axis=0)


def share_memory(array: np.ndarray) -> Any:
    """Give an array to TensorFlow without a copy, if its memory suits a tensor."""
    import tensorflow as tf

    if array.ctypes.data % ALIGNMENT or not array.flags.c_contiguous:
        return array
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
