import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cifar_kedro.networks import build_network
from cifar_kedro.tensorflow_layers import WINOGRAD_CHANNELS, tune_layers
from tests.conftest import make_experiment, make_images

IMAGES = make_images(64)["images"]


def networks(batch_norm=True):
    keras.utils.set_random_seed(0)
    network = build_network(make_experiment(network={"batch_norm": batch_norm}).network)
    return network, tune_layers(network)


def step(network, images):
    """Return outputs, gradients and new moving averages of a step of training."""
    with tf.GradientTape() as tape:
        outputs = network(images, training=True)
        loss = tf.reduce_sum(outputs * tf.linspace(-1.0, 1.0, 10))
    gradients = tape.gradient(loss, network.trainable_variables)
    return outputs, *gradients, *network.non_trainable_variables


def test_the_fused_network_shares_its_variables():
    network, fused = networks()
    assert {id(v) for v in fused.variables} == {id(v) for v in network.variables}
    kinds = [type(layer).__name__ for layer in fused.layers]
    assert kinds.count("_FusedBatchNormalization") == 1  # the dense layer's is not


@pytest.mark.parametrize(
    "batch_norm", [True, {"before_activation": True, "scale": False}]
)
def test_the_fused_network_trains_as_keras_own_does(batch_norm):
    network, fused = networks(batch_norm)
    before = network.get_weights()
    expected = [np.array(value) for value in step(network, IMAGES)]
    network.set_weights(before)
    for value, wanted in zip(step(fused, IMAGES), expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=2e-3, atol=2e-4)


def test_the_moving_variance_is_keras_own_not_the_sample_estimate():
    layer = keras.layers.BatchNormalization(momentum=0.0)
    inputs = keras.Input((1, 1, 1))
    fused = tune_layers(keras.Model(inputs, layer(inputs)))
    fused(np.array([1.0, 3.0], np.float32).reshape(2, 1, 1, 1), training=True)
    assert float(layer.moving_mean[0]) == pytest.approx(2.0)
    assert float(layer.moving_variance[0]) == pytest.approx(1.0)  # the estimate is 2


def test_without_training_the_moving_averages_count_and_stay():
    network, fused = networks()
    fused(IMAGES, training=True)
    before = network.get_weights()
    np.testing.assert_array_equal(fused(IMAGES), network(IMAGES))
    for now, then in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def kinds(network):
    return [type(layer).__name__ for layer in tune_layers(network).layers]


def one_layer(layer, shape):
    inputs = keras.Input(shape)
    return keras.Model(inputs, layer(inputs))


def compare_steps(layer, shape):
    """Compare outputs and gradients of a layer with those of its tuned form."""
    network = one_layer(layer, shape)
    images = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)
    weights = tf.linspace(-1.0, 1.0, 3)[:, None, None, None]
    found = []
    for model in (network, tune_layers(network)):
        inputs = tf.constant(images)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = model(inputs, training=True)
            loss = tf.reduce_sum(outputs * outputs * weights)
        variables = [inputs, *network.trainable_variables]
        found.append([outputs, *tape.gradient(loss, variables)])
    for wanted, value in zip(*found, strict=True):
        rounding = 1e-3 * np.std(wanted)
        np.testing.assert_allclose(value, wanted, atol=rounding)


@pytest.mark.parametrize("side", [4, 7, 15])
@pytest.mark.parametrize("use_bias", [True, False])
def test_a_convolution_with_many_channels_is_the_same_by_winograd(side, use_bias):
    keras.utils.set_random_seed(0)
    layer = layers.Conv2D(
        *(WINOGRAD_CHANNELS, 3),
        padding="same",
        use_bias=use_bias,
        bias_initializer="normal",
        activation="relu",
    )
    compare_steps(layer, (side, side, WINOGRAD_CHANNELS))
    network = one_layer(layer, (side, side, WINOGRAD_CHANNELS))
    assert kinds(network)[1] == "_WinogradConvolution"


@pytest.mark.parametrize(
    "change",
    [
        {"filters": WINOGRAD_CHANNELS - 1},
        {"kernel_size": 5},
        {"padding": "valid"},
        {"strides": 2},
        {"dilation_rate": 2},
        {"groups": 2},
        {"dtype": "mixed_bfloat16"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_convolution_stays(change):
    convolution = {"filters": WINOGRAD_CHANNELS, "kernel_size": 3, "padding": "same"}
    layer = layers.Conv2D(**convolution | change)
    assert kinds(one_layer(layer, (4, 4, WINOGRAD_CHANNELS)))[1] == "Conv2D"


@pytest.mark.parametrize(
    "shape", [(4, 4, WINOGRAD_CHANNELS - 1), (4, 5, WINOGRAD_CHANNELS)]
)
def test_a_convolution_of_other_images_stays(shape):
    layer = layers.Conv2D(WINOGRAD_CHANNELS, 3, padding="same")
    assert kinds(one_layer(layer, shape))[1] == "Conv2D"


def test_on_a_gpu_its_library_chooses_the_algorithm(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    layer = layers.Conv2D(WINOGRAD_CHANNELS, 3, padding="same")
    assert kinds(one_layer(layer, (4, 4, WINOGRAD_CHANNELS)))[1] == "Conv2D"


def test_gelu_is_the_same_in_one_pass():
    layer = layers.Activation("gelu")
    compare_steps(layer, (4, 4, 100))
    tuned = tune_layers(one_layer(layer, (4, 4, 100))).layers[1]
    assert tuned.activation is not keras.activations.gelu
