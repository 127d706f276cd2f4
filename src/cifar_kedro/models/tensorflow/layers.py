"""Layers that train faster on TensorFlow than Keras' own do there.

None of them changes results beyond rounding; docs/how-it-works/performance.md has the measurements.
Other backends of Keras need none of it.
"""

from math import pi, sqrt
from typing import Any

import keras
import tensorflow as tf

from cifar_kedro.models.tensorflow.winograd import convolve

# The least number of channels, and of filters, with which it is faster than TensorFlow's
# own: benchmarks/convolutions.py.
WINOGRAD_CHANNELS = 128


def tune_layers(network: keras.Model) -> keras.Model:
    """Return the same network, its variables shared, with layers that train faster.

    Keras computes BatchNormalization from elementary operations, a dozen passes over
    the activations and their gradients, where TensorFlow has one kernel for each way. On
    a CPU, TensorFlow multiplies more than a 3x3 convolution needs, and computes GELU
    (here: that of an Activation) from elementary operations, too. On a GPU both are left
    to its library.

    Args:
        network: A functional model; it is left as it is.

    Returns:
        A functional model, for training.
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

    def call(self, images: Any) -> Any:
        layer = self.layer
        outputs = convolve(images, layer.kernel.value)
        if layer.use_bias:
            outputs = tf.nn.bias_add(outputs, layer.bias.value)
        return layer.activation(outputs)


@tf.custom_gradient
def _gelu(x: tf.Tensor) -> Any:
    """Compute GELU, and later its gradient, in one pass over the memory each."""
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
