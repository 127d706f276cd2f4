import pytest
from pydantic import ValidationError

from cifar_kedro.config import BatchNormalization
from tests.helpers.experiments import make_experiment

BACKBONE = {
    "name": "vgg16",
    "up_to": "block2_pool",
    "trainable_from": "block2_conv1",
    "weights": None,
}
WHITENING = {"size": 2, "epsilon": 1e-4}


def make(**network):
    return make_experiment(network=network).network


def test_normalization_in_full():
    assert make().normalization is None
    assert make(batch_norm=True).normalization == BatchNormalization()
    settings = {"before_activation": True}
    assert make(batch_norm=settings).normalization == BatchNormalization(**settings)


def test_the_first_layers_are_whitening_or_transferred():
    with pytest.raises(ValidationError, match="beside a backbone, expected null"):
        make(backbone=BACKBONE, whitening=WHITENING)


@pytest.mark.parametrize(("size", "at_most"), [(1, 5), (2, 4), (5, 4)])
def test_a_whitening_layer_leaves_fewer_pixels_to_pool(size, at_most):
    settings = {"size": size, "epsilon": 1e-4}
    make(whitening=settings, blocks=[{"filters": [2]}] * at_most)
    with pytest.raises(ValidationError, match=f"expected at most {at_most}: each"):
        make(whitening=settings, blocks=[{"filters": [2]}] * (at_most + 1))


@pytest.mark.parametrize(
    "network",
    [
        {"blocks": [{"filters": [2], "pool": "last"}]},
        {"activation": "gelu_new"},
        {"batch_norm": {"momentum": 1.0}},
        {"batch_norm": "before"},
        {"whitening": {"size": 6, "epsilon": 1e-4}},
        {"whitening": {"size": 2, "epsilon": 0.0}},
    ],
)
def test_what_is_out_of_range_is_refused(network):
    with pytest.raises(ValidationError):
        make(**network)
