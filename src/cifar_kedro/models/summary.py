"""The layers of a built network, with their sizes and costs."""

import math
from typing import Any

import keras


def describe_layers(network: keras.Model) -> list[dict[str, Any]]:
    """List the layers of a network, without the input.

    Args:
        network: Any built Keras model whose layers follow each other.

    Returns:
        A dict for each layer, in order, which JSON can hold. It has ``name`` and ``kind``
        (the Keras class), and the output ``shape`` for one image. ``parameters`` counts
        all weights, ``trainable`` those that are trained. ``macs`` counts the MACs
        (multiply-accumulate operations) for one image, padding included. MACs of
        normalization, pooling and activations are not counted.
    """
    return [
        _describe_layer(layer)
        for layer in network.layers
        if not isinstance(layer, keras.layers.InputLayer)
    ]


def _describe_layer(layer: keras.layers.Layer) -> dict[str, Any]:
    shape = layer.output.shape[1:]
    kernel = getattr(layer, "kernel", None)
    places = math.prod(shape[:-1])  # a kernel is applied at each, once in a dense layer
    return {
        "name": layer.name,
        "kind": type(layer).__name__,
        "shape": list(shape),
        "parameters": layer.count_params(),
        "trainable": sum(math.prod(w.shape) for w in layer.trainable_weights),
        "macs": 0 if kernel is None else places * math.prod(kernel.shape),
    }


def count_parameters(network: keras.Model) -> dict[str, int]:
    """Count the weights of a network, as the original report's tables do."""
    trainable = sum(math.prod(w.shape) for w in network.trainable_weights)
    return {
        "total": network.count_params(),
        "trainable": trainable,
        "non_trainable": network.count_params() - trainable,
    }
