import numpy as np
import pytest

from cifar_kedro.config import Whitening
from cifar_kedro.models.network import build_network
from cifar_kedro.models.whitening import whiten, whitening_weights
from tests.helpers.experiments import make_experiment
from tests.helpers.images import make_images


def correlated_images(count):
    """Make images whose neighbouring pixels and channels have much in common."""
    noise = make_images(count)["images"]
    rows = noise + np.roll(noise, 1, axis=1) + np.roll(noise, 1, axis=2)
    return np.float32(0.2 * rows + 0.1 * noise[..., :1])


@pytest.fixture(scope="module")
def outputs():
    """Whiten patches of 2x2, without the activation."""
    images = correlated_images(60)
    kernel, bias = whitening_weights(images, Whitening(size=2, epsilon=1e-9))
    windows = np.lib.stride_tricks.sliding_window_view(images, (2, 2), axis=(1, 2))
    return np.einsum("nyxcij,ijcf->nyxf", windows, kernel).reshape(-1, 24) + bias


def test_outputs_are_uncorrelated_with_mean_0_and_variance_1(outputs):
    np.testing.assert_allclose(outputs.mean(axis=0), 0, atol=1e-3)
    covariance = np.cov(outputs[:, :12], rowvar=False)
    np.testing.assert_allclose(covariance, np.eye(12), atol=1e-3)


def test_the_second_half_is_the_negative_of_the_first(outputs):
    np.testing.assert_array_equal(outputs[:, 12:], -outputs[:, :12])


def test_epsilon_holds_back_what_hardly_varies():
    settings = Whitening(size=2, epsilon=1.0)
    kernel, _ = whitening_weights(correlated_images(60), settings)
    norms = np.linalg.norm(kernel.reshape(12, 24), axis=0)
    assert norms.max() < 1  # 1 / sqrt(variance + 1)


def test_the_layer_is_not_trained():
    experiment = make_experiment(network={"whitening": {"size": 3, "epsilon": 1e-4}})
    network = build_network(experiment.network)
    images = correlated_images(60)
    whiten(network, images, experiment.network.whitening)
    layer = network.get_layer("whitening")
    kernel, bias = whitening_weights(images, experiment.network.whitening)
    np.testing.assert_array_equal(layer.get_weights()[0], kernel)
    assert kernel.shape == (3, 3, 3, 54) and bias.shape == (54,)
    assert layer.trainable_weights == []
