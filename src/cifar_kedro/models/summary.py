"""The layers of a network with their sizes and costs, from its description alone."""

import math
from typing import NamedTuple

import numpy as np

from cifar_kedro.config import (
    SIDE,
    VGG16_LAYERS,
    Backbone,
    Block,
    Network,
    Whitening,
)
from cifar_kedro.config.data import CLASS_NAMES
from cifar_kedro.models.network import Model

_CHANNELS = 3
_IMAGE = (SIDE, SIDE, _CHANNELS)
_KERNEL = 9  # 3x3
_VGG16_FILTERS = {"block1": 64, "block2": 128, "block3": 256}
_VGG16_FILTERS |= {"block4": 512, "block5": 512}


class LayerRow(NamedTuple):
    """A layer.

    Attributes:
        name: Its name in the Keras model.
        kind: Its Keras class.
        shape: Output shape of one image.
        parameters: Number of weights.
        trainable: Number of those that training changes.
        multiplications: Multiply-accumulate operations for one image, padding included;
            those of normalization, pooling and activations are not counted.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int = 0
    trainable: int = 0
    multiplications: int = 0


def describe_layers(network: Network) -> list[LayerRow]:
    """List the layers that `cifar_kedro.models.network.build_network` builds, in order.

    Args:
        network: The description of the network.
    """
    rows = _backbone(network.backbone) if network.backbone else []
    if network.whitening:
        rows.append(_whitening(network.whitening))
    for number, block in enumerate(network.blocks, start=1):
        rows += _block(network, block, number, rows[-1].shape if rows else _IMAGE)
    rows.append(_flattening(network, rows[-1].shape))
    for number, units in enumerate(network.dense, start=1):
        rows.append(_dense(network, f"dense{number}", rows[-1].shape, units))
        rows += _normalization(network, rows[-1].name, rows[-1].shape)
        rows += _dropout(network, f"dense{number}", rows[-1].shape)
    if network.feature_scale != 1:
        rows.append(LayerRow("feature_scale", "Rescaling", rows[-1].shape))
    classes = _layer("classes", "Dense", (len(CLASS_NAMES),), rows[-1].shape[0], True)
    return [*rows, classes]


def count_multiplications(network: Network) -> int:
    """Sum the multiply-accumulate operations for one image; see `LayerRow`."""
    return sum(row.multiplications for row in describe_layers(network))


def _backbone(backbone: Backbone) -> list[LayerRow]:
    """List the layers of VGG16 that are kept; the frozen ones train nothing."""
    rows: list[LayerRow] = []
    shape: tuple[int, ...] = _IMAGE
    trained = VGG16_LAYERS.index(backbone.trainable_from)
    for index, name in enumerate(VGG16_LAYERS):
        if name.endswith("pool"):
            row = _pooling(name, shape)
        else:
            row = _convolution(name, shape, _VGG16_FILTERS[name.split("_")[0]])
        rows.append(row if index >= trained else row._replace(trainable=0))
        shape = row.shape
        if name == backbone.up_to:
            break
    return rows


def _whitening(whitening: Whitening) -> LayerRow:
    side = SIDE - whitening.size + 1
    inputs = _CHANNELS * whitening.size**2
    row = _layer("whitening", "Conv2D", (side, side, whitening.filters), inputs, True)
    return row._replace(trainable=0)


def _block(
    network: Network, block: Block, number: int, shape: tuple[int, ...]
) -> list[LayerRow]:
    rows: list[LayerRow] = []
    pool = f"pool{number}"
    for index, filters in enumerate(block.filters, start=1):
        name = f"conv{number}_{index}"
        rows.append(_convolution(name, shape, filters, _has_bias(network)))
        if block.pool == "first" and index == 1:
            rows.append(_pooling(pool, rows[-1].shape))
        shape = rows[-1].shape
        rows += _normalization(network, name, shape)
    if block.pool is True:
        rows.append(_pooling(pool, shape))
    return rows + _dropout(network, f"block{number}", rows[-1].shape)


def _has_bias(network: Network) -> bool:
    """A layer that is normalized at once needs no bias of its own."""
    return not (network.normalization and network.normalization.before_activation)


def _layer(
    name: str, kind: str, output: tuple[int, ...], inputs: int, bias: bool
) -> LayerRow:
    """Describe a layer each of whose outputs weighs as many inputs."""
    weights = (inputs + bias) * output[-1]
    return LayerRow(name, kind, output, weights, weights, math.prod(output) * inputs)


def _convolution(
    name: str, shape: tuple[int, ...], filters: int, bias: bool = True
) -> LayerRow:
    height, width, channels = shape
    return _layer(name, "Conv2D", (height, width, filters), _KERNEL * channels, bias)


def _dense(network: Network, name: str, shape: tuple[int, ...], units: int) -> LayerRow:
    return _layer(name, "Dense", (units,), shape[0], _has_bias(network))


def _flattening(network: Network, shape: tuple[int, ...]) -> LayerRow:
    if network.global_max:
        return LayerRow("global_max", "GlobalMaxPooling2D", shape[-1:])
    return LayerRow("flatten", "Flatten", (math.prod(shape),))


def _normalization(
    network: Network, name: str, shape: tuple[int, ...]
) -> list[LayerRow]:
    """Scale and offset are trained; the moving mean and variance are not."""
    normalization = network.normalization
    if not normalization:
        return []
    trained = (1 + normalization.scale) * shape[-1]
    rows = [
        LayerRow(
            *(f"{name}_bn", "BatchNormalization", shape),
            trained + 2 * shape[-1],
            trained,
        )
    ]
    if normalization.before_activation:
        rows.append(LayerRow(f"{name}_{network.activation}", "Activation", shape))
    return rows


def _pooling(name: str, shape: tuple[int, ...]) -> LayerRow:
    height, width, channels = shape
    return LayerRow(name, "MaxPooling2D", (height // 2, width // 2, channels))


def _dropout(network: Network, name: str, shape: tuple[int, ...]) -> list[LayerRow]:
    return [LayerRow(f"{name}_dropout", "Dropout", shape)] if network.dropout else []


def count_parameters(model: Model) -> dict[str, int]:
    """Count the weights of a network, as the report's tables do."""
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    return {
        "total": model.count_params(),
        "trainable": trainable,
        "non_trainable": model.count_params() - trainable,
    }
