"""From the description of a network to a Keras model."""

from pathlib import Path
from typing import Any

from cifar_kedro.classes import CLASS_NAMES
from cifar_kedro.config import Backbone, Network

IMAGE_SHAPE = (32, 32, 3)

# Kedro resolves type hints when it validates parameters: keras must not be imported for it.
Model = Any
Tensor = Any


def build_network(network: Network) -> Model:
    """Build an untrained network.

    Layers are placed as in the report: BatchNormalization after the activation, dropout
    after each block's pooling and after each hidden dense layer, the L2 penalty on the
    kernels of all convolutions and hidden dense layers, not on the softmax layer.

    Args:
        network: Its description.

    Returns:
        A `keras.Model` from float images (n, 32, 32, 3) to probabilities (n, 10).

    Raises:
        FileNotFoundError: If the backbone's weights cannot be had.
    """
    from keras import Input, layers, regularizers
    from keras import Model as KerasModel

    def learn(layer: Any, x: Tensor) -> Tensor:
        x = layer(x)
        return (
            layers.BatchNormalization(name=f"{layer.name}_bn")(x)
            if network.batch_norm
            else x
        )

    def drop(x: Tensor, name: str) -> Tensor:
        return (
            layers.Dropout(network.dropout, name=f"{name}_dropout")(x)
            if network.dropout
            else x
        )

    learned: dict[str, Any] = {
        "activation": "relu",
        "kernel_regularizer": regularizers.L2(network.l2) if network.l2 else None,
    }
    if network.backbone:
        inputs, x = _backbone(network.backbone)
    else:
        inputs = x = Input(IMAGE_SHAPE)
    for number, block in enumerate(network.blocks, start=1):
        for index, filters in enumerate(block.filters, start=1):
            name = f"conv{number}_{index}"
            x = learn(
                layers.Conv2D(filters, 3, padding="same", name=name, **learned), x
            )
        x = layers.MaxPooling2D(2, name=f"pool{number}")(x) if block.pool else x
        x = drop(x, f"block{number}")
    x = layers.Flatten(name="flatten")(x)
    for number, units in enumerate(network.dense, start=1):
        x = learn(layers.Dense(units, name=f"dense{number}", **learned), x)
        x = drop(x, f"dense{number}")
    # Probabilities in float32 whatever the precision of the rest.
    outputs = layers.Dense(
        len(CLASS_NAMES), activation="softmax", name="classes", dtype="float32"
    )(x)
    return KerasModel(inputs, outputs)


def _backbone(backbone: Backbone) -> tuple[Tensor, Tensor]:
    """Return input and output of the backbone, its first layers frozen."""
    from keras.applications import VGG16

    if (
        backbone.weights not in (None, "imagenet")
        and not Path(backbone.weights).is_file()
    ):
        raise FileNotFoundError(_no_weights(backbone.weights, "there is no such file"))
    try:
        vgg = VGG16(
            include_top=False, weights=backbone.weights, input_shape=IMAGE_SHAPE
        )
    except Exception as error:
        # Keras wraps whatever went wrong with the download in a bare Exception.
        raise FileNotFoundError(_no_weights(backbone.weights, str(error))) from error
    names = [layer.name for layer in vgg.layers]
    for layer in vgg.layers[: names.index(backbone.trainable_from)]:
        layer.trainable = False
    return vgg.inputs[0], vgg.get_layer(backbone.up_to).output


def _no_weights(weights: str | None, reason: str) -> str:
    return (
        f"network.backbone.weights: received '{weights}', but {reason}. Expected 'imagenet' "
        "and a connection from which Keras can download VGG16, or the path of its file "
        "'vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5', or null for random weights "
        "(for tests of the structure: it is not the report's experiment then)."
    )
