"""The layers of a network with their sizes and costs, from its description alone."""

import math
from typing import NamedTuple

from cifar_kedro.classes import CLASS_NAMES
from cifar_kedro.config import VGG16_LAYERS, Backbone, Network

_SIDE = 32
_CHANNELS = 3
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
    """List the layers that `cifar_kedro.networks.build_network` builds, in order.

    Args:
        network: The description of the network.
    """
    rows = _backbone(network.backbone) if network.backbone else []
    shape = rows[-1].shape if rows else (_SIDE, _SIDE, _CHANNELS)
    for number, block in enumerate(network.blocks, start=1):
        for index, filters in enumerate(block.filters, start=1):
            rows.append(_convolution(f"conv{number}_{index}", shape, filters))
            rows += _normalization(network, rows[-1])
            shape = rows[-1].shape
        if block.pool:
            rows.append(_pooling(f"pool{number}", shape))
            shape = rows[-1].shape
        rows += _dropout(network, f"block{number}", shape)
    rows.append(LayerRow("flatten", "Flatten", (math.prod(shape),)))
    for number, units in enumerate(network.dense, start=1):
        rows.append(_dense(f"dense{number}", rows[-1].shape, units))
        rows += _normalization(network, rows[-1])
        rows += _dropout(network, f"dense{number}", rows[-1].shape)
    return [*rows, _dense("classes", rows[-1].shape, len(CLASS_NAMES))]


def count_multiplications(network: Network) -> int:
    """Sum the multiply-accumulate operations for one image; see `LayerRow`."""
    return sum(row.multiplications for row in describe_layers(network))


def _backbone(backbone: Backbone) -> list[LayerRow]:
    """List the layers of VGG16 that are kept; the frozen ones train nothing."""
    rows: list[LayerRow] = []
    shape: tuple[int, ...] = (_SIDE, _SIDE, _CHANNELS)
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


def _convolution(name: str, shape: tuple[int, ...], filters: int) -> LayerRow:
    height, width, channels = shape
    kernel = _KERNEL * channels * filters
    weights = kernel + filters
    output = (height, width, filters)
    return LayerRow(name, "Conv2D", output, weights, weights, height * width * kernel)


def _dense(name: str, shape: tuple[int, ...], units: int) -> LayerRow:
    kernel = shape[0] * units
    weights = kernel + units
    return LayerRow(name, "Dense", (units,), weights, weights, kernel)


def _normalization(network: Network, before: LayerRow) -> list[LayerRow]:
    """Scale and offset are trained; the moving mean and variance are not."""
    if not network.batch_norm:
        return []
    size = before.shape[-1]
    name = f"{before.name}_bn"
    return [LayerRow(name, "BatchNormalization", before.shape, 4 * size, 2 * size)]


def _pooling(name: str, shape: tuple[int, ...]) -> LayerRow:
    height, width, channels = shape
    return LayerRow(name, "MaxPooling2D", (height // 2, width // 2, channels))


def _dropout(network: Network, name: str, shape: tuple[int, ...]) -> list[LayerRow]:
    return [LayerRow(f"{name}_dropout", "Dropout", shape)] if network.dropout else []
