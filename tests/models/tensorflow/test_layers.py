import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cifar_kedro.models.network import build_network
from cifar_kedro.models.tensorflow import layers as tensorflow_layers
from cifar_kedro.models.tensorflow.layers import tune_layers
from tests.helpers.experiments import make_experiment
from tests.helpers.images import make_images

IMAGES = make_images(64)["images"]
CHANNELS = 4


@pytest.fixture(autouse=True)
def _on_a_cpu(monkeypatch):
    """Pretend that there is no GPU, and that few channels are enough."""
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [])
    monkeypatch.setattr(tensorflow_layers, "WINOGRAD_CHANNELS", CHANNELS)


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


def kinds(network):
    return [type(layer).__name__ for layer in network.layers]


def test_the_tuned_network_has_the_same_variables_in_the_same_order():
    """Checkpoints list them by their place."""
    network = build_network(
        make_experiment(
            network={
                "blocks": [{"filters": [4, 4]}, {"filters": [4]}],
                "batch_norm": True,
                "l2": 0.01,
            }
        ).network
    )
    network.get_layer("conv1_2").trainable = False
    tuned = tune_layers(network)
    assert kinds(tuned).count("_WinogradConvolution") == 2  # the first has 3 channels
    assert kinds(tuned).count("_FusedBatchNormalization") == 3  # a dense layer's is not
    for kind in ("variables", "trainable_variables"):
        found, wanted = ([id(v) for v in getattr(n, kind)] for n in (tuned, network))
        assert found == wanted
    assert len(tuned.losses) == len(network.losses) > 0


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


def one_layer(layer, shape):
    inputs = keras.Input(shape)
    return keras.Model(inputs, layer(inputs))


def tuned_kind(layer, shape):
    return kinds(tune_layers(one_layer(layer, shape)))[1]


def compare_steps(layer, shape, rounding):
    """Compare a layer's outputs and gradients with those of its tuned form.

    They may be off by `rounding` times their standard deviation.
    """
    network = one_layer(layer, shape)
    images = tf.random.stateless_normal((3, *shape), (0, 0))
    found = []
    for model in (network, tune_layers(network)):
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = model(images, training=True)
            loss = tf.reduce_sum(outputs * outputs)
        gradients = tape.gradient(loss, [images, *network.trainable_variables])
        found.append([np.array(value, np.float32) for value in (outputs, *gradients)])
    for wanted, value in zip(*found, strict=True):
        np.testing.assert_allclose(value, wanted, 0, atol=rounding * wanted.std())


def make_convolution(**settings):
    convolution = {"filters": CHANNELS, "kernel_size": 3, "padding": "same"}
    return layers.Conv2D(**convolution | settings)


@pytest.mark.parametrize(
    "settings",
    [{}, {"use_bias": False}, {"bias_initializer": "normal", "activation": "relu"}],
)
@pytest.mark.parametrize("side", [4, 7])
def test_a_convolution_is_the_same_by_winograd(side, settings):
    keras.utils.set_random_seed(0)
    layer = make_convolution(**settings)
    compare_steps(layer, (side, side, CHANNELS), 1e-3)
    assert tuned_kind(layer, (side, side, CHANNELS)) == "_WinogradConvolution"


@pytest.mark.parametrize(
    "settings",
    [
        {"filters": CHANNELS - 1},
        {"kernel_size": 5},
        {"padding": "valid"},
        {"strides": 2},
        {"dilation_rate": 2},
        {"groups": 2},
        {"activity_regularizer": "l2"},
        {"dtype": "mixed_bfloat16"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_another_convolution_stays(settings):
    assert tuned_kind(make_convolution(**settings), (4, 4, CHANNELS)) == "Conv2D"


@pytest.mark.parametrize(
    "shape", [(4, 4, CHANNELS - 1), (4, 5, CHANNELS), (None, None, CHANNELS)]
)
def test_a_convolution_of_other_images_stays(shape):
    assert tuned_kind(make_convolution(), shape) == "Conv2D"


@pytest.mark.parametrize(
    ("dtype", "rounding"), [("float32", 1e-5), ("mixed_bfloat16", 0.05)]
)
def test_gelu_is_the_same_in_one_pass(dtype, rounding):
    compare_steps(layers.Activation("gelu", dtype=dtype), (4, 4, 100), rounding)
    tuned = tune_layers(one_layer(layers.Activation("gelu"), (4, 4, 100)))
    assert tuned.layers[1].activation is not keras.activations.gelu


def test_the_rest_stays():
    assert tuned_kind(layers.Activation("relu"), (4, 4, 3)) == "Activation"
    assert tuned_kind(layers.BatchNormalization(), (4,)) == "BatchNormalization"


def test_on_a_gpu_its_library_chooses_how_to_convolve(monkeypatch):
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [kind])
    assert tuned_kind(make_convolution(), (4, 4, CHANNELS)) == "Conv2D"
    tuned = tune_layers(one_layer(layers.Activation("gelu"), (4, 4, 100)))
    assert tuned.layers[1].activation is keras.activations.gelu


def test_a_tuned_layer_keeps_its_precision():
    network = one_layer(make_convolution(), (4, 4, CHANNELS))
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        tuned = tune_layers(network)
    finally:
        keras.config.set_dtype_policy("float32")
    assert tuned(tf.zeros((1, 4, 4, CHANNELS))).dtype == tf.float32
