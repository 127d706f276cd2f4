"""Build a Keras model from the description of a network."""

import random
from pathlib import Path
from typing import Any

import keras
from kedro.utils import find_kedro_project
from keras import backend, layers, regularizers
from keras.applications import VGG16

from cifar_kedro.config import Backbone, Block, Network
from cifar_kedro.config.data import CIFAR10_CLASSES, CIFAR10_SHAPE, ImageShape
from cifar_kedro.config.errors import MissingFileError

WHITENING = "whitening"  # the layer's name


def build_network(
    network: Network,
    image_shape: ImageShape = CIFAR10_SHAPE,
    classes: int = len(CIFAR10_CLASSES),
) -> keras.Model:
    """Build an untrained network, by default for CIFAR-10.

    By default layers are placed as in the original report. BatchNormalization comes after
    the activation. Dropout comes after each block's pooling, and after each hidden dense
    layer. The L2 penalty is on the kernels of all convolutions and hidden dense layers. It
    is not on the softmax layer.

    Args:
        network: The description of the network.
        image_shape: Side, side and channels of an image.
        classes: The number of classes.

    Returns:
        A `keras.Model` from float images (n, side, side, channels) to probabilities
        (n, classes).

    Raises:
        SettingsError: If the network does not take such images.
        MissingFileError: If the backbone's weights can't be found or downloaded.
    """
    network.check_image_shape(image_shape)
    if network.backbone:
        inputs, x = _backbone(network.backbone, image_shape)
    else:
        inputs = x = keras.Input(image_shape)
    if network.whitening:
        x = _whitening(network, x)
    for number, block in enumerate(network.blocks, start=1):
        x = _block(network, block, number, x)
    x = _classifier(network, x)
    # Probabilities are float32, also if the other layers have another precision.
    outputs = layers.Dense(
        classes, activation="softmax", name="classes", dtype="float32"
    )(x)
    return keras.Model(inputs, outputs)


def _classifier(network: Network, x: keras.KerasTensor) -> keras.KerasTensor:
    """Place the layers between the last block and the softmax layer."""
    x = (
        layers.GlobalMaxPooling2D(name="global_max")(x)
        if network.global_max
        else layers.Flatten(name="flatten")(x)
    )
    for number, units in enumerate(network.dense, start=1):
        name = f"dense{number}"
        x = layers.Dense(units, **_learned(network, name))(x)
        x = _dropped(network, name, _normalized(network, name, x))
    if network.feature_scale != 1:
        x = layers.Rescaling(network.feature_scale, name="feature_scale")(x)
    return x


def _block(
    network: Network, block: Block, number: int, x: keras.KerasTensor
) -> keras.KerasTensor:
    pooling = layers.MaxPooling2D(2, name=f"pool{number}")
    for index, filters in enumerate(block.filters, start=1):
        name = f"conv{number}_{index}"
        convolution = layers.Conv2D(
            filters, 3, padding="same", **_learned(network, name)
        )
        x = convolution(x)
        if network.identity_start:
            _start_as_identity(convolution)
        if block.pool == "first" and index == 1:
            x = pooling(x)
        x = _normalized(network, name, x)
    x = pooling(x) if block.pool is True else x
    return _dropped(network, f"block{number}", x)


def _learned(network: Network, name: str) -> dict[str, Any]:
    """List the arguments that convolutions and hidden dense layers share."""
    normalization = network.normalization
    late = normalization is not None and normalization.before_activation
    return {
        "name": name,
        "activation": None if late else network.activation,
        "use_bias": not late,
        "kernel_regularizer": regularizers.L2(network.l2) if network.l2 else None,
    }


def _normalized(network: Network, name: str, x: keras.KerasTensor) -> keras.KerasTensor:
    """Normalize the output of the layer called `name`, if the network has that."""
    normalization = network.normalization
    if not normalization:
        return x
    x = layers.BatchNormalization(
        momentum=normalization.momentum,
        scale=normalization.scale,
        name=f"{name}_bn",
    )(x)
    if normalization.before_activation:
        x = layers.Activation(network.activation, name=f"{name}_{network.activation}")(
            x
        )
    return x


def _dropped(network: Network, name: str, x: keras.KerasTensor) -> keras.KerasTensor:
    if not network.dropout:
        return x
    # On torch, dropout without a seed draws from a state that is in no variable. A resumed
    # training would then differ. On the other backends Keras sets such a seed itself.
    seed = random.randint(1, 10**9) if backend.backend() == "torch" else None
    return layers.Dropout(network.dropout, name=f"{name}_dropout", seed=seed)(x)


def _start_as_identity(convolution: layers.Conv2D) -> None:
    """Let the first filters hand on the input's channels, as PyTorch's `dirac_` does."""
    kernel = convolution.get_weights()[0]
    side, _, inputs, filters = kernel.shape
    shared = range(min(inputs, filters))
    kernel[..., shared] = 0
    kernel[side // 2, side // 2, shared, shared] = 1
    convolution.set_weights([kernel, *convolution.get_weights()[1:]])


def _whitening(network: Network, x: keras.KerasTensor) -> keras.KerasTensor:
    """Place the whitening layer. `cifar_kedro.models.whitening` makes its weights."""
    assert network.whitening
    return layers.Conv2D(
        network.whitening.filters,
        network.whitening.size,
        activation=network.activation,
        trainable=False,
        name=WHITENING,
    )(x)


def _backbone(
    backbone: Backbone, image_shape: ImageShape
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return input and output of the backbone. Its first layers are frozen."""
    weights = backbone.weights
    if weights not in (None, "imagenet"):
        # Relative paths start at the project, as those of the catalog do.
        weights = str((find_kedro_project(Path.cwd()) or Path.cwd()) / weights)
        if not Path(weights).is_file():
            raise MissingFileError(_no_weights(weights, "there is no such file"))
    try:
        vgg = VGG16(include_top=False, weights=weights, input_shape=image_shape)
    except Exception as error:
        # Keras wraps any error of the download in a bare Exception.
        raise MissingFileError(_no_weights(weights, str(error))) from error
    names = [layer.name for layer in vgg.layers]
    for layer in vgg.layers[: names.index(backbone.trainable_from)]:
        layer.trainable = False
    return vgg.inputs[0], vgg.get_layer(backbone.up_to).output


def _no_weights(weights: str | None, reason: str) -> str:
    return (
        f"network.backbone.weights: received '{weights}', but {reason}. Expected 'imagenet', "
        "a path or null. 'imagenet' needs a connection from which Keras can download VGG16. "
        "A path names its file 'vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5'. null "
        "gives random weights, to test the structure: that is not the original report's "
        "experiment."
    )
