import keras
import numpy as np
import pytest

from cifar_kedro.training.optimization import ConvolutionMuon, make_loss, make_optimizer
from tests.helpers.experiments import make_experiment

MUON = {
    "name": "muon",
    "learning_rate": 0.2,
    "momentum": 0.6,
    "other_learning_rate": 0.01,
}


def make(steps_per_epoch=5, **training):
    return make_optimizer(make_experiment(training=training).training, steps_per_epoch)


def test_optimizers_have_keras_defaults_where_nothing_is_named():
    def config(optimizer):
        return optimizer.get_config() | {"name": None}

    assert config(make()) == config(keras.optimizers.Adam(0.001))
    settings = {"name": "sgd", "learning_rate": 0.01, "momentum": 0.9}
    sgd = make(optimizer=settings)
    assert config(sgd) == config(keras.optimizers.SGD(0.01, momentum=0.9))


@pytest.mark.parametrize(
    "settings",
    [
        MUON,
        {"name": "sgd", "learning_rate": 0.1},
        {"name": "adam", "learning_rate": 0.1},
    ],
)
def test_every_optimizer_can_average(settings):
    config = make(optimizer=settings | {"ema_momentum": 0.9}).get_config()
    assert (config["use_ema"], config["ema_momentum"]) == (True, 0.9)
    assert not make(optimizer=settings).get_config()["use_ema"]


def test_a_linear_schedule_ends_at_zero():
    optimizer = make(steps_per_epoch=5, schedule="linear", epochs=4)
    variable = keras.Variable(np.zeros(3, np.float32))
    optimizer.build([variable])
    rates = []
    for _ in range(20):
        rates.append(float(optimizer.learning_rate))
        optimizer.apply([np.ones(3, np.float32)])
    np.testing.assert_allclose(rates, 0.001 * (1 - np.arange(20) / 20), rtol=1e-5)
    assert float(optimizer.learning_rate) == pytest.approx(0, abs=1e-9)


def step(shape, gradient):
    """Take one step of Muon from a drawn variable; return it before and after."""
    variable = keras.Variable(np.random.default_rng(1).normal(size=shape).astype("f"))
    optimizer = make(optimizer=MUON)
    assert isinstance(optimizer, ConvolutionMuon)
    optimizer.build([variable])
    before = np.array(variable)
    optimizer.apply([gradient])
    return before, np.array(variable)


def test_muon_turns_a_kernel_by_its_rate_whatever_the_gradients_size():
    gradient = np.random.default_rng(0).normal(size=(3, 3, 4, 8)).astype("f")
    before, after = step((3, 3, 4, 8), gradient)
    start = before * (8**0.5 / np.linalg.norm(before))  # the norm is sqrt(filters)
    move = (start - after).reshape(36, 8)
    singular_values = np.linalg.svd(move, compute_uv=False) / 0.2
    # Five steps of the quintic bring all singular values near 1, not to it.
    assert singular_values.min() > 0.6 and singular_values.max() < 1.3
    # ... along the gradient's own directions
    u, _, vt = np.linalg.svd(gradient.reshape(36, 8), full_matrices=False)
    inside = u.T @ move @ vt.T
    np.testing.assert_allclose(inside - np.diag(np.diag(inside)), 0, atol=1e-4)
    assert (np.diag(inside) > 0).all()
    np.testing.assert_allclose(step((3, 3, 4, 8), 100 * gradient)[1], after, atol=1e-4)


@pytest.mark.parametrize("shape", [(8,), (4, 10)])
def test_everything_else_is_adams(shape):
    gradient = np.random.default_rng(0).normal(size=shape).astype("f")
    before, after = step(shape, gradient)
    # Adam's first step is the rate, against the sign of the gradient.
    np.testing.assert_allclose(after, before - 0.01 * np.sign(gradient), atol=1e-5)


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
