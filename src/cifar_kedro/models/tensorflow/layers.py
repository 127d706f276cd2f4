"""Layers that train faster on TensorFlow than Keras' own layers.

They change results by rounding only. docs/how-it-works/performance.md has the measurements.
Other backends of Keras need none of them.
"""

from collections.abc import Callable
from math import pi, sqrt
from typing import Any

import keras
import tensorflow as tf

from cifar_kedro.models.tensorflow.winograd import convolve

# With fewer channels or filters, TensorFlow's own convolution is faster. See
# benchmarks/convolutions.py.
WINOGRAD_CHANNELS = 128


def tune_layers(network: keras.Model) -> keras.Model:
    """Return the same network with layers that train faster. It shares the variables.

    Keras computes BatchNormalization from elementary operations. These take a dozen
    passes over the activations and their gradients. TensorFlow has one kernel forwards
    and one backwards. On a CPU, TensorFlow needs more MACs than a 3x3 convolution must
    have. It also computes GELU (of an Activation) from elementary operations. On a GPU
    its library does both.

    Args:
        network: A functional model. It does not change.

    Returns:
        A functional model for training.
    """
    on_cpu = not tf.config.get_visible_devices("GPU")

    def tune(layer: keras.layers.Layer) -> keras.layers.Layer:
        match layer:
            case keras.layers.BatchNormalization() if len(layer.output.shape) == 4:
                return _FusedBatchNormalization(layer, dtype=layer.dtype_policy)
            case keras.layers.Conv2D() if on_cpu and _suits_winograd(layer):
                return _WinogradConvolution(layer, dtype=layer.dtype_policy)
            case keras.layers.Activation(activation=keras.activations.gelu) if on_cpu:
                return keras.layers.Activation(
                    _gelu, name=layer.name, dtype=layer.dtype_policy
                )
        return layer

    return keras.models.clone_model(network, clone_function=tune)


def _suits_winograd(layer: keras.layers.Conv2D) -> bool:
    _, height, width, channels = layer.input.shape
    needed: dict[str, Any] = {
        "kernel_size": (3, 3),
        "strides": (1, 1),
        "dilation_rate": (1, 1),
        "groups": 1,
        "padding": "same",
        "data_format": "channels_last",
        "activity_regularizer": None,
        "compute_dtype": "float32",
    }
    return (
        all(getattr(layer, name) == value for name, value in needed.items())
        and height == width is not None
        and min(channels, layer.filters) >= WINOGRAD_CHANNELS
    )


class _WinogradConvolution(keras.layers.Wrapper):
    """A Conv2D by Winograd's algorithm."""

    def call(self, images: tf.Tensor) -> tf.Tensor:
        layer = self.layer
        outputs = convolve(images, layer.kernel.value)
        if layer.use_bias:
            outputs = tf.nn.bias_add(outputs, layer.bias.value)
        return layer.activation(outputs)


@tf.custom_gradient
def _gelu(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """Compute GELU in one pass over the memory, and later its gradient in another."""
    return _fused_gelu(x), lambda gradient: _fused_gelu_gradient(x, gradient)


@tf.function(jit_compile=True)
def _fused_gelu(x: tf.Tensor) -> tf.Tensor:
    return x * _normal_cdf(x)


@tf.function(jit_compile=True)
def _fused_gelu_gradient(x: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    density = tf.exp(-tf.square(x) / 2) / sqrt(2 * pi)
    return gradient * (_normal_cdf(x) + x * density)


def _normal_cdf(x: tf.Tensor) -> tf.Tensor:
    return tf.math.erfc(-x / sqrt(2)) / 2


class _FusedBatchNormalization(keras.layers.Wrapper):
    """A BatchNormalization over images that trains with TensorFlow's fused kernel."""

    def call(
        self, images: tf.Tensor, training: bool = False, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
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
        # The kernel estimates the variance of a sample: n / (n - 1) times that of Keras.
        count = tf.cast(tf.size(images) // tf.shape(images)[-1], "float32")
        variance *= (count - 1) / count
        momentum, averages = layer.momentum, (layer.moving_mean, layer.moving_variance)
        for average, new in zip(averages, (mean, variance), strict=True):
            average.assign(average * momentum + new * (1.0 - momentum))
        return outputs
