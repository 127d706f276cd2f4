import keras
import numpy as np
import pytest

from cifar_kedro.training import weight_average
from cifar_kedro.training.weight_average import WeightAverage, measure_normalization
from tests.helpers.images import make_images

IMAGES = make_images(50)["images"]


def make_network():
    """Make a network that begins with a normalization, so that what it sees is known."""
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1),
        ]
    )


@pytest.mark.parametrize("batch", [50, 20, 1])
def test_normalization_is_measured_over_all_images(monkeypatch, batch):
    monkeypatch.setattr(weight_average, "BATCH", batch)
    network = make_network()
    measure_normalization(network, IMAGES)
    normalization = network.layers[0]
    assert normalization.momentum == 0.9
    np.testing.assert_allclose(
        normalization.moving_mean, IMAGES.mean((0, 1, 2)), rtol=1e-5
    )
    within = [
        IMAGES[start : start + batch].var((0, 1, 2)) for start in range(0, 50, batch)
    ]
    sizes = [len(IMAGES[start : start + batch]) for start in range(0, 50, batch)]
    np.testing.assert_allclose(
        normalization.moving_variance,
        np.average(within, axis=0, weights=sizes),
        rtol=1e-4,
    )


def follow(momentum):
    """Let an average follow three steps; return its network, the first, and the path."""
    trained = make_network()
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=momentum)
    optimizer.build(trained.trainable_variables)
    average = WeightAverage(trained, optimizer, IMAGES)
    path = []
    for _ in range(3):
        optimizer.apply([np.ones(v.shape, "f") for v in trained.trainable_variables])
        path.append([np.array(v) for v in trained.trainable_variables])
    average.on_epoch_end(0)
    return average.network, trained, path


def test_the_second_network_has_the_moving_average_of_the_weights():
    network, _, path = follow(momentum=0.75)
    for index, own in enumerate(network.trainable_variables):
        first, second, third = (weights[index] for weights in path)
        expected = 0.75 * (0.75 * first + 0.25 * second) + 0.25 * third
        np.testing.assert_allclose(own, expected, rtol=1e-5, atol=1e-6)


def test_the_first_network_stays_as_it_is():
    network, trained, path = follow(momentum=0.75)
    for variable, last in zip(trained.trainable_variables, path[-1], strict=True):
        np.testing.assert_array_equal(variable, last)
    np.testing.assert_array_equal(trained.layers[0].moving_mean, np.zeros(3))
    assert (np.array(network.layers[0].moving_mean) > 0.4).all()


def test_the_same_state_gives_the_same_second_network():
    average = WeightAverage(
        trained := make_network(),
        optimizer := keras.optimizers.SGD(0.1, use_ema=True),
        IMAGES,
    )
    optimizer.build(trained.trainable_variables)
    values = []
    for _ in range(2):
        average.update()
        values.append([np.array(v) for v in average.network.variables])
    for one, other in zip(*values, strict=True):
        np.testing.assert_array_equal(one, other)
