import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from cifar_kedro.config import Execution
from cifar_kedro.datasets.checkpoint import Checkpoint
from cifar_kedro.datasets.memory import explaining_lack_of_memory
from cifar_kedro.pipelines.modelling.nodes import evaluate_model, train_model
from tests.helpers.experiments import make_experiment
from tests.helpers.images import make_images
from tests.helpers.paths import ROOT

TENSORFLOW = """Graph execution error:
Detected at node sequential/conv1/Relu defined at (most recent call last):
OOM when allocating tensor with shape[512,64,32,32] and type float on /GPU:0 [Op:f]
Hint: If you want to see a list of allocated tensors when OOM happens, ..."""


class ResourceExhaustedError(Exception): ...


class OutOfMemoryError(RuntimeError): ...


@pytest.mark.parametrize(
    ("error", "amount"),
    [
        (
            ResourceExhaustedError(TENSORFLOW),
            "OOM when allocating tensor with shape[512,64,32,32] and type float on "
            "/GPU:0 [Op:f]",
        ),
        (
            OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0"),
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0",
        ),
        (
            RuntimeError("RESOURCE_EXHAUSTED: Failed to allocate 12 bytes."),
            "RESOURCE_EXHAUSTED: Failed to allocate 12 bytes.",
        ),
        (ResourceExhaustedError("no idea"), "no idea"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_what_was_needed_and_what_to_do_are_told(error, amount):
    with pytest.raises(MemoryError) as raised:
        with explaining_lack_of_memory():
            raise error
    assert f"not enough: {amount}. Train with smaller" in str(raised.value)
    assert "NAME.training.batch_size=N" in str(raised.value)
    assert raised.value.__cause__ is error


def test_numpys_own_error_is_told():
    with pytest.raises(
        MemoryError, match=r"Unable to allocate .* shape \(1000000000000"
    ):
        with explaining_lack_of_memory():
            np.empty((10**12, 32, 32, 3))


def test_other_errors_and_results_pass():
    with pytest.raises(ZeroDivisionError):
        with explaining_lack_of_memory():
            _ = 1 / 0


class Exhausted:
    def __getattr__(self, name):
        raise MemoryError

    def fail(self, *_, **__):
        raise MemoryError


def test_training_and_evaluation_have_it(tmp_path, monkeypatch):
    data, experiment = make_images(10), make_experiment()
    exhausted = Exhausted()
    checkpoint = Checkpoint(str(tmp_path / "checkpoint.npz"))
    monkeypatch.setattr(keras.Model, "fit", exhausted.fail)
    with pytest.raises(MemoryError, match="smaller batches"):
        train_model(
            *(data, data, experiment, 0, None, Execution(), checkpoint), {"counts": {}}
        )
    with pytest.raises(MemoryError, match="smaller batches"):
        evaluate_model(exhausted, exhausted, None, {}, data, experiment, 0)


REAL = """
import sys
from cifar_kedro.datasets.checkpoint import Checkpoint
from cifar_kedro.config import Execution
from cifar_kedro.pipelines.modelling.nodes import train_model
from tests.helpers.experiments import make_experiment
from tests.helpers.images import make_images
experiment = make_experiment(
    network={"blocks": [{"filters": [512]}]}, training={"batch_size": 500}
)
data = make_images(500)
checkpoint = Checkpoint(sys.argv[1])
train_model(
    *(data, data, experiment, 0, None, Execution(), checkpoint), {"counts": {}}
)
"""


def test_tensorflows_own_error_is_told(tmp_path):
    # oneDNN's convolutions die of it (TensorFlow 2.21, segmentation fault): without them
    limits = {"TF_CPU_BFC_MEM_LIMIT_IN_MB": "200", "TF_ENABLE_ONEDNN_OPTS": "0"}
    done = subprocess.run(
        [sys.executable, "-c", REAL, tmp_path / "checkpoint.npz"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | limits,
    )
    last = done.stderr.strip().splitlines()[-1]
    assert "MemoryError: The memory is not enough: OOM when allocating" in last, (
        done.stderr
    )
    assert "shape[500,32,32,512]" in last
