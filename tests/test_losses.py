import keras
import numpy as np
import pytest

from cifar_kedro.losses import make_loss
from tests.conftest import make_experiment


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_the_cross_entropy_with_smoothed_labels(smoothing):
    labels = np.array([3, 9, 0], np.uint8)
    probabilities = np.random.default_rng(0).dirichlet(np.ones(10), 3).astype("f")
    training = make_experiment(training={"label_smoothing": smoothing}).training
    network = keras.Sequential([keras.Input((10,)), keras.layers.Identity()])
    network.compile(loss=make_loss(training), metrics=["accuracy"])
    logs = network.test_on_batch(probabilities, labels, return_dict=True)
    targets = np.eye(10)[labels] * (1 - smoothing) + smoothing / 10
    expected = -(targets * np.log(probabilities)).sum(axis=1).mean()
    assert float(logs["loss"]) == pytest.approx(expected, 1e-5)
    right = (probabilities.argmax(axis=1) == labels).mean()
    assert float(logs["accuracy"]) == pytest.approx(right)
