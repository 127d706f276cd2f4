import keras
import pytest
import tensorflow as tf

from cifar_kedro.config import Execution
from cifar_kedro.training.backend import prepare_keras


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
