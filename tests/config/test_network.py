import pytest

from cifar_kedro.config.errors import SettingsError
from cifar_kedro.models.network import build_network
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


def make_pooling(poolings, **network):
    return make(blocks=[{"filters": [2]}] * poolings, **network)


@pytest.mark.parametrize(
    ("network", "smallest"),
    [
        (make_pooling(1), 2),
        (make_pooling(5), 32),
        (make(blocks=[{"filters": [2], "pool": False}]), 1),
        (make_pooling(4, whitening=WHITENING), 17),
        (make_pooling(1, backbone=BACKBONE), 32),  # VGG16's own bound
        (make_pooling(4, backbone=BACKBONE), 64),
    ],
)
def test_images_too_small_are_refused_and_the_smallest_are_built(network, smallest):
    network.check_image_shape((smallest, smallest, 3))
    built = build_network(network, (smallest, smallest, 3), 4)
    assert built.output_shape == (None, 4)
    fewer = smallest - 1
    with pytest.raises(SettingsError, match=f"of {fewer} pixels .* {smallest} or more"):
        build_network(network, (fewer, fewer, 3), 4)


def test_grey_images_stay_one_channel_and_vgg16_takes_none():
    assert build_network(make(), (8, 8, 1), 2).input_shape == (None, 8, 8, 1)
    with pytest.raises(SettingsError, match="of 1 channel, expected 3: VGG16"):
        make(backbone=BACKBONE).check_image_shape((32, 32, 1))
