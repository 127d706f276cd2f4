from itertools import islice

import keras
import numpy as np
import pytest
import tensorflow as tf

from cifar_kedro.aligned import aligned_empty
from cifar_kedro.batches import ShuffledBatches
from cifar_kedro.networks import build_network
from cifar_kedro.tensorflow_tuning import (
    as_dataset,
    fuse_batch_normalization,
    share_memory,
)
from tests.conftest import make_experiment, make_images

IMAGES = make_images(64)["images"]


def aligned(count):
    """Make zeros that lie where a tensor may."""
    array = aligned_empty((count,), np.float32)
    array[:] = 0
    return array


def networks(batch_norm=True):
    keras.utils.set_random_seed(0)
    network = build_network(make_experiment(network={"batch_norm": batch_norm}).network)
    return network, fuse_batch_normalization(network)


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
    fused = fuse_batch_normalization(keras.Model(inputs, layer(inputs)))
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


def test_memory_is_shared_where_a_tensor_may_lie_and_only_there():
    good, odd = aligned(1000), aligned(1000)[1:]
    shared = share_memory(good)
    good[7] = 9.0
    assert float(shared[7]) == 9.0
    assert share_memory(odd) is odd
    assert share_memory(good[::2]) is not good  # a view with gaps
    assert isinstance(share_memory(good[::2]), np.ndarray)


def test_the_dataset_gives_the_batches_and_tunes_nothing():
    batches = ShuffledBatches(np.arange(10, dtype=np.uint8), 4, 0, False)
    dataset = as_dataset(batches)
    assert dataset.options().autotune.enabled is False
    for _ in range(2):  # each iterator begins at the beginning
        for given, wanted in zip(islice(dataset, 5), islice(batches, 5), strict=True):
            np.testing.assert_array_equal(given[0], wanted[0])
            np.testing.assert_array_equal(given[1], wanted[1])
