import hashlib
import json
import re
from datetime import UTC, datetime, timedelta

import keras
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import cifar_kedro
from cifar_kedro.config import Execution
from cifar_kedro.config.data import CIFAR10_CLASSES
from cifar_kedro.evaluation import provenance
from cifar_kedro.evaluation.provenance import (
    describe_run,
    hash_images,
    make_fingerprint,
)
from cifar_kedro.training.backend import describe_backend
from tests.helpers.experiments import make_experiment
from tests.helpers.images import make_images, make_split


def describe(data=None, experiment=None, seed=0, **execution):
    data = data or make_images(20)
    return describe_run(
        data,
        make_split(data, 10),
        experiment or make_experiment(),
        seed,
        max_epochs=None,
        execution=Execution(**execution),
        identical_images={"train": 3},
        backend=describe_backend(),
    )


def test_a_run_is_described_in_what_json_can_hold():
    experiment = make_experiment(augmentation={"rotation_range": 10.0})
    data = make_images(60)
    run = describe(data, experiment, seed=3)
    assert json.loads(json.dumps(run)) == run
    assert run["parameters"] == experiment.model_dump()
    assert (run["seed"], run["validation_images"], run["max_epochs"]) == (3, 10, None)
    assert run["data_sha256"] == hash_images(data, np.arange(50), np.arange(50, 60))
    assert run["identical_images"] == {"train": 3}
    assert run["training_images"] == dict.fromkeys(CIFAR10_CLASSES, 5)
    assert run["code"]["version"] == cifar_kedro.__version__
    assert run["backend"] == keras.backend.backend()
    assert set(run["packages"]) == {"python", "kedro", "keras", "numpy", run["backend"]}
    assert run["packages"]["numpy"] == np.__version__
    assert run["hardware"]["processor"]
    assert run["hardware"]["cores"] >= 1
    assert run["hardware"]["memory_gb"] > 0.1
    started = datetime.fromisoformat(run["started"])
    assert timedelta(0) <= datetime.now(UTC) - started < timedelta(minutes=1)


def test_the_execution_is_described_and_may_change_within_a_training():
    one, other = describe(), describe(steps_per_execution=79)
    assert one["execution"] == Execution().model_dump()
    assert other["execution"] == one["execution"] | {"steps_per_execution": 79}
    assert make_fingerprint(other) == make_fingerprint(one)


def test_gpus_are_named(monkeypatch):
    import tensorflow as tf

    gpus = [tf.config.PhysicalDevice(f"/gpu:{i}", "GPU") for i in range(2)]
    details = {"/gpu:0": {"device_name": "NVIDIA H100"}, "/gpu:1": {}}
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda gpu: details[gpu.name]
    )
    run = describe()
    assert run["hardware"]["accelerators"] == ["NVIDIA H100", "/gpu:1"]


@settings(deadline=None)
@given(st.integers(0, 19), st.integers(0, 31), st.integers(0, 2))
def test_the_hash_tells_any_changed_pixel_and_label(image, row, channel):
    data = make_images(20)
    assert hash_images(data) == hash_images(make_images(20))
    pixels, labels = make_images(20), make_images(20)
    pixels["images"][image, row, 0, channel] += 0.5
    labels["labels"][image] += 1
    assert len({hash_images(part) for part in (data, pixels, labels)}) == 3


def test_the_hash_tells_types_shapes_and_parts_but_not_memory_order():
    data = make_images(20)
    images, labels = data["images"], data["labels"]
    fortran = {"images": np.asfortranarray(images), "labels": labels}
    assert hash_images(fortran) == hash_images(data)
    others = [
        {"images": images.view(np.int32), "labels": labels},
        {"images": images.reshape(20, 3, 32, 32), "labels": labels},
        {"images": images[::-1], "labels": labels[::-1]},
    ]
    hashes = [hash_images(part) for part in (data, *others)]
    hashes.append(hash_images(data, np.arange(20), np.arange(20)))
    hashes.append(hash_images(data, np.arange(19, -1, -1)))
    assert len(set(hashes)) == 5  # the last is that of images in reverse order


def test_the_hash_of_a_part_is_that_of_a_copy_of_it(monkeypatch):
    """What is hashed in chunks of indices equals what published runs hashed whole."""
    monkeypatch.setattr(provenance, "HASHED_AT_ONCE", 7)
    data, digest = make_images(60), hashlib.sha256()
    order = np.random.default_rng(0).permutation(60)
    for part in (order[:40], order[40:]):
        for array in (data["images"][part], data["labels"][part]):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(array.tobytes())
    assert hash_images(data, order[:40], order[40:]) == digest.hexdigest()


def test_the_environment_of_a_backend_is_of_the_fingerprint(monkeypatch):
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    one = describe()
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    other = describe()
    assert other["environment"]["XLA_FLAGS"] == "--xla_cpu_enable_fast_math=true"
    assert make_fingerprint(other) != make_fingerprint(one)
    monkeypatch.delenv("XLA_FLAGS")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")  # like another machine: it may go on
    assert describe()["environment"]["OMP_NUM_THREADS"] == "7"
    assert make_fingerprint(describe()) == make_fingerprint(one)
    assert one["keras"]["image_data_format"] == "channels_last"


def test_time_sorts_as_text():
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", provenance.now())
