"""What makes a training step fast on TensorFlow, and is not Keras' own choice there.

None of it changes results beyond the rounding of float32; docs/performance.md has the
measurements. Other backends of Keras need none of it.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cifar_kedro.aligned import ALIGNMENT
from cifar_kedro.batches import ShuffledBatches


def as_dataset(batches: ShuffledBatches) -> tf.data.Dataset:
    """Make a tf.data.Dataset of endless (rows, labels), without tf.data's tuner.

    Left to itself, tf.data (TensorFlow 2.21) tunes its buffers in a thread that sleeps
    for longer and longer, and whoever lets go of an iterator waits, idle, until it
    wakes: up to a minute. There is nothing to tune here.
    """
    dataset = tf.data.Dataset.from_generator(
        lambda: iter(batches),
        output_signature=(
            tf.TensorSpec((None,), tf.int32),
            tf.TensorSpec((None,), tf.uint8),
        ),
    )
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options).prefetch(2)


def share_memory(array: np.ndarray) -> Any:
    """Give an array to TensorFlow without a copy, if it lies where a tensor may."""
    if array.ctypes.data % ALIGNMENT or not array.flags.c_contiguous:
        return array
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def fuse_batch_normalization(network: keras.Model) -> keras.Model:
    """Return the same network, its variables shared, with fused batch normalization.

    Keras computes BatchNormalization from elementary operations, a dozen passes over
    the activations and their gradients, where TensorFlow has one kernel for each way.

    Args:
        network: A functional model; it is left as it is.

    Returns:
        A functional model, for training.
    """

    def fuse(layer: keras.layers.Layer) -> keras.layers.Layer:
        fusible = isinstance(layer, keras.layers.BatchNormalization)
        if fusible and len(layer.output.shape) == 4:
            return _FusedBatchNormalization(layer)
        return layer

    return keras.models.clone_model(network, clone_function=fuse)


class _FusedBatchNormalization(keras.layers.Wrapper):
    """A BatchNormalization over images that trains with TensorFlow's fused kernel."""

    def call(self, images: Any, training: bool = False, mask: Any = None) -> Any:
        layer = self.layer
        if not (training and layer.trainable):
            return layer(images, training=training)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=images,
            scale=layer.gamma.value if layer.scale else tf.ones_like(layer.beta.value),
            offset=layer.beta.value,
            mean=tf.constant([]),
            variance=tf.constant([]),
            epsilon=layer.epsilon,
            is_training=True,
        )
        # The kernel gives the estimate of a sample's variance, n / (n - 1) times Keras'.
        count = tf.cast(tf.size(images) // tf.shape(images)[-1], "float32")
        variance *= (count - 1) / count
        momentum = layer.momentum
        for average, new in (
            (layer.moving_mean, mean),
            (layer.moving_variance, variance),
        ):
            average.assign(average * momentum + new * (1.0 - momentum))
        return outputs
