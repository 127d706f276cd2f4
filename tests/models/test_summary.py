import pytest

from cifar_kedro.models.network import build_network
from cifar_kedro.models.summary import (
    count_multiplications,
    count_parameters,
    describe_layers,
)
from tests.conftest import make_experiment
from tests.runs import EXPERIMENTS

# What no experiment has, or not together.
FURTHER = {
    "dense_bn": {"batch_norm": {"before_activation": True}, "dropout": 0.5},
    "large_patches": {"whitening": {"size": 3, "epsilon": 1.0}, "global_max": True},
}
NETWORKS = {name: experiment.network for name, experiment in EXPERIMENTS.items()} | {
    name: make_experiment(network=changes).network for name, changes in FURTHER.items()
}


@pytest.mark.parametrize("name", NETWORKS)
def test_is_the_network_that_keras_builds(name):
    network = NETWORKS[name]
    if network.backbone:
        backbone = network.backbone.model_copy(update={"weights": None})
        network = network.model_copy(update={"backbone": backbone})
    model, rows = build_network(network), describe_layers(network)
    layers = model.layers[1:]  # the first is the input
    assert [row.name for row in rows] == [layer.name for layer in layers]
    assert [row.kind for row in rows] == [type(layer).__name__ for layer in layers]
    assert [row.shape for row in rows] == [layer.output.shape[1:] for layer in layers]
    assert [row.parameters for row in rows] == [
        layer.count_params() for layer in layers
    ]
    assert sum(row.trainable for row in rows) == count_parameters(model)["trainable"]


def test_multiplications_by_hand():
    network = make_experiment(
        network={"blocks": [{"filters": [4, 8]}], "dense": [16], "batch_norm": True}
    ).network
    assert count_multiplications(network) == sum(
        [
            32 * 32 * 9 * 3 * 4,
            32 * 32 * 9 * 4 * 8,
            16 * 16 * 8 * 16,
            16 * 10,
        ]
    )
