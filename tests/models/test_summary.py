"""The layers of built networks."""

import keras
import pytest

from cifar_kedro.models.network import build_network
from cifar_kedro.models.summary import count_parameters, describe_layers
from tests.helpers.experiments import make_experiment


def describe(**network):
    """Describe the layers of a network, by name."""
    built = build_network(make_experiment(network=network).network)
    return {layer["name"]: layer for layer in describe_layers(built)}


def test_layers_have_their_shapes_and_sizes():
    layers = describe(blocks=[{"filters": [4]}], dense=[8], batch_norm=True)
    assert layers["conv1_1"] == {
        "name": "conv1_1",
        "kind": "Conv2D",
        "shape": [32, 32, 4],
        "parameters": 3 * 9 * 4 + 4,
        "trainable": 3 * 9 * 4 + 4,
        "macs": 32 * 32 * 3 * 9 * 4,
    }
    normalization = layers["conv1_1_bn"]
    assert (normalization["parameters"], normalization["trainable"]) == (16, 8)
    assert normalization["macs"] == 0
    assert layers["pool1"]["shape"] == [16, 16, 4]
    assert list(layers)[-1] == "classes"


def test_macs_by_hand():
    layers = describe(blocks=[{"filters": [4, 8]}], dense=[16], batch_norm=True)
    assert sum(layer["macs"] for layer in layers.values()) == sum(
        [32 * 32 * 9 * 3 * 4, 32 * 32 * 9 * 4 * 8, 16 * 16 * 8 * 16, 16 * 10]
    )


def test_a_convolution_without_padding_is_applied_at_fewer_places():
    whitening = describe(whitening={"size": 3, "epsilon": 1.0})["whitening"]
    assert whitening["macs"] == 30 * 30 * 3 * 9 * 54
    assert (whitening["parameters"], whitening["trainable"]) == (3 * 9 * 54 + 54, 0)


@pytest.mark.parametrize("trainable", [True, False])
def test_parameters_are_counted_as_they_are_trained(trainable):
    network = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2, trainable=trainable)]
    )
    assert count_parameters(network) == {
        "total": 8,
        "trainable": 8 if trainable else 0,
        "non_trainable": 0 if trainable else 8,
    }
