from itertools import islice

import keras
import numpy as np
import pytest
import tensorflow as tf

from cifar_kedro.config import Execution
from cifar_kedro.training.backend import count_steps, for_fit, prepare_keras
from cifar_kedro.training.batches import ShuffledBatches


@pytest.fixture(autouse=True)
def _restore_the_policy():
    yield
    keras.config.set_dtype_policy("float32")
    keras.distribution.set_distribution(None)


def test_precision_and_seed_are_set():
    drawn = []
    for seed in (0, 0, 1):
        prepare_keras(seed, "mixed_bfloat16", Execution())
        drawn.append(float(keras.random.uniform(())))
    assert drawn[0] == drawn[1] != drawn[2]
    assert keras.layers.Dense(1).compute_dtype == "bfloat16"


def test_deterministic_operations_are_asked_for_only_if_set(monkeypatch):
    asked = []
    monkeypatch.setattr(
        tf.config.experimental, "enable_op_determinism", lambda: asked.append(1)
    )
    prepare_keras(0, "float32", Execution())
    assert not asked
    prepare_keras(0, "float32", Execution(deterministic_operations=True))
    assert asked


def test_what_an_earlier_run_of_the_process_distributed_is_forgotten():
    keras.distribution.set_distribution(object())
    prepare_keras(0, "float32", Execution())
    assert keras.distribution.distribution() is None


def test_what_a_backend_cannot_do_is_refused():
    with pytest.raises(ValueError, match=r"data_parallel: received true .*tensorflow"):
        prepare_keras(0, "float32", Execution(data_parallel=True))


def test_keras_is_fed_the_batches_and_tunes_nothing():
    indices, labels = np.arange(10, dtype=np.int32), np.arange(10, dtype=np.uint8)
    batches = ShuffledBatches(labels, indices, 4, seed=0, drop_remainder=False)
    dataset = for_fit(batches)
    assert dataset.options().autotune.enabled is False
    for _ in range(2):  # each iterator begins at the beginning
        for given, wanted in zip(islice(dataset, 5), islice(batches, 5), strict=True):
            np.testing.assert_array_equal(given[0], wanted[0])
            np.testing.assert_array_equal(given[1], wanted[1])


@pytest.mark.parametrize(("steps", "expected"), [(1, 1), (2, 2), ("epoch", 4)])
def test_an_execution_has_as_many_steps_as_named(steps, expected):
    assert count_steps(Execution(steps_per_execution=steps), 4) == expected


def test_steps_that_do_not_divide_an_epoch_are_refused():
    with pytest.raises(ValueError, match=r"received 3, .* 1, 2, 4; or 'epoch'"):
        count_steps(Execution(steps_per_execution=3), 4)
