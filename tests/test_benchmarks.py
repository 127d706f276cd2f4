"""What the benchmarks rest on: equal networks, and their arithmetic. Nothing is timed."""

import itertools
import json
import subprocess
import sys
from importlib.util import find_spec
from types import SimpleNamespace

import common
import comparable
import convolutions
import gpu
import keras
import legacy_augmentation
import matrix_product
import numpy as np
import pandas as pd
import plain_keras
import pytest
import training
import turns
from legacy_augmentation import feed
from ours import train as train_ours
from training import NETWORKS, make_row

from cifar_kedro.config import Execution, Experiment, Network
from cifar_kedro.config.run import HISTORY_COLUMNS
from cifar_kedro.models.network import build_network
from cifar_kedro.models.summary import count_parameters
from cifar_kedro.training import backend, callbacks
from tests.helpers.images import make_images
from tests.helpers.paths import ROOT

EXPERIMENTS = common.load_experiments(NETWORKS.split(","))


@pytest.fixture(params=EXPERIMENTS)
def experiment(request):
    return EXPERIMENTS[request.param]


def run_apart(code, *arguments, given=None):
    """Run code beside the benchmarks, in a process of its own; JSON goes in and out."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT / "benchmarks",
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout)


def ask_torch(function, given):
    """Call a function of torch_process.py; skip the test where PyTorch is not installed."""
    if not find_spec("torch"):
        pytest.skip("PyTorch is not installed")
    code = (ROOT / "tests/helpers/torch_process.py").read_text(encoding="utf-8")
    return run_apart(code, function, given=given)


def test_the_contender_in_pytorch_brings_no_tensorflow_along():
    code = "import json, sys, native_torch; print(json.dumps([*sys.modules]))"
    assert not {"tensorflow", "keras", "cifar_kedro"} & set(run_apart(code))


def test_what_fails_in_a_process_of_its_own_says_why():
    with pytest.raises(RuntimeError, match=r"(?s)ended with 3:\n.*no luck"):
        run_apart("import sys; print('no luck', file=sys.stderr); sys.exit(3)")


def test_contenders_train_as_many_parameters(experiment):
    ours = count_parameters(
        build_network(Network.model_validate(experiment["network"]))
    )
    assert ours == count_parameters(plain_keras.build_network(experiment["network"]))


def test_torch_trains_as_many_parameters():
    ours = {
        name: count_parameters(plain_keras.build_network(experiment["network"]))
        for name, experiment in EXPERIMENTS.items()
    }
    assert ask_torch("count_parameters", EXPERIMENTS) == ours


def test_plain_network_computes_what_ours_computes():
    network = EXPERIMENTS["exp1"]["network"]
    ours = build_network(Network.model_validate(network))
    plain = plain_keras.build_network(network)
    plain.set_weights(ours.get_weights())
    images = make_images(10)["images"]
    np.testing.assert_allclose(
        plain.predict_on_batch(images), ours.predict_on_batch(images), atol=1e-6
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [("exp0", 5.1), ("exp1", 290), ("exp8a", 1174), ("exp11", 1992), ("exp12", 893.8)],
)
def test_operations_per_trained_image(name, expected):
    model = plain_keras.build_network(EXPERIMENTS[name]["network"])
    assert plain_keras.count_flops(model) / 1e6 == pytest.approx(expected, rel=0.005)


def test_frozen_and_first_trained_layers_cost_less():
    network = EXPERIMENTS["exp12"]["network"]
    model = plain_keras.build_network(network)
    frozen = plain_keras.count_flops(model)
    for layer in model.layers:
        layer.trainable = True
    # Forward operations of VGG16's first four convolutions, two of them at half the size.
    first, *rest = (
        2 * 9 * side**2 * inputs * outputs
        for side, inputs, outputs in [
            *((32, 3, 64), (32, 64, 64), (16, 64, 128), (16, 128, 128))
        ]
    )
    input_of_block3 = 2 * 9 * 8**2 * 128 * 256
    everything = frozen + first + 2 * sum(rest) + input_of_block3
    assert plain_keras.count_flops(model) == everything


def test_torch_penalizes_the_kernels_that_keras_penalizes():
    groups = ask_torch("group_parameters", EXPERIMENTS["exp6"])
    plain = plain_keras.build_network(EXPERIMENTS["exp6"]["network"])
    penalized = [la for la in plain.layers if getattr(la, "kernel_regularizer", None)]
    assert groups["sizes"][0] == len(penalized) > 0
    assert groups["decays"] == [pytest.approx(0.02), 0]
    assert sum(groups["sizes"]) == groups["parameters"]


def test_torch_augmentation_flips_and_shifts():
    settings = dict.fromkeys(EXPERIMENTS["exp7"]["augmentation"], 0.0)
    augmented = ask_torch("augment", settings | {"horizontal_flip": False})
    assert all(augmented["still"])
    kept, mirrored = (np.array(augmented[key]) for key in ("kept", "mirrored"))
    assert (kept ^ mirrored).all() and 60 < kept.sum() < 140
    assert 2.5 < np.abs(augmented["shifts"]).max() <= 3.2 + 1e-3


def test_workers_take_turns():
    contenders = {name: (matrix_product.multiply, (8, 1)) for name in "ab"}
    with turns.workers(contenders, common.bare_environment()) as players:
        results = turns.play_rounds(players, rounds=2)
    assert [len(results[name]) for name in "ab"] == [2, 2]
    assert all(rate > 0 for rates in results.values() for rate in rates)


def test_a_failing_worker_says_why():
    contenders = {"bad": (matrix_product.multiply, (-1, 1))}
    with (
        pytest.raises(RuntimeError, match=r"(?s)a worker failed.*negative dimensions"),
        turns.workers(contenders, common.bare_environment()),
    ):
        pass


def test_the_bare_environment_has_no_settings_of_ours(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    monkeypatch.setenv("SOMETHING", "else")
    environment = common.bare_environment()
    assert environment["SOMETHING"] == "else"
    assert not [name for name in environment if name.startswith("TF_")]


def test_rows_hold_ratios_of_medians():
    rates = {"ours": [30.0, 20.0, 70.0], "keras": [10.0, 11.0, 9.0]}
    measured = {
        "images_per_second": rates,
        "flops_per_image": 2e9,
        "peak_gflops": [120.0],
    }
    row = make_row("exp1", measured)
    assert row["ours"] == "20 / 30 / 70"
    assert (row["ours/keras"], row["torch"]) == ("3.00", "not installed")
    assert (row["GFLOP/s, ours"], row["% of it"]) == ("60", "50")


MEASURE = """
import json
import sys
from dataclasses import astuple
from pathlib import Path

import common
import gpu

folder, usages = Path(json.load(sys.stdin)), []
for script in ("pass", "import time; x = bytearray(300_000_000); time.sleep(0.3)"):
    command = [sys.executable, "-c", script]
    usages.append(astuple(common.measure_process(command, folder, {})))
print(json.dumps(usages))
"""


def test_processes_are_measured(tmp_path):
    """From a process of its own: the peak of a child is at least that of its parent."""
    small, large = run_apart(MEASURE, given=str(tmp_path))
    (_, cpu, peak), (wall, _, peak_of_large) = small, large
    assert 0 < cpu < 10 and wall > 0.3
    assert 0.005 < peak < 0.1 and 0.3 < peak_of_large < 0.4


def test_a_failing_process_says_why(tmp_path):
    command = [sys.executable, "-c", "import sys; print('no luck'); sys.exit(3)"]
    with pytest.raises(RuntimeError, match=r"(?s)ended with 3:\nno luck"):
        common.measure_process(command, tmp_path, common.bare_environment())


def test_unknown_experiments_are_refused():
    with pytest.raises(
        ValueError, match=r"received 'exp99', expected one of exp0, exp1"
    ):
        common.load_experiments(["exp99"])


def test_the_reports_experiments_can_be_compared_and_exp13_cannot():
    experiments = common.load_experiments()
    of_the_report = {name for name, block in experiments.items() if block["reported"]}
    with pytest.raises(ValueError, match="received 'exp13', but plain") as refusal:
        comparable.check_comparable(experiments["exp13"])
    message, _, names = str(refusal.value).partition("; expected one of ")
    assert of_the_report <= set(names.split(", ")) and "exp13" not in names
    for setting in ("network.whitening", "network.blocks.2.pool", "network.global_max"):
        assert setting in message
    for setting in ("training.optimizer.name", "training.schedule"):
        assert setting in message


@pytest.mark.parametrize(
    ("section", "setting", "value"),
    [
        ("network", "activation", "gelu"),
        ("network", "batch_norm", {"before_activation": True}),
        ("network", "feature_scale", 0.5),
        ("training", "label_smoothing", 0.2),
        ("training", "precision", "mixed_bfloat16"),
        ("augmentation", "horizontal_flip", "alternating"),
        ("augmentation", "horizontal_flip", False),
        ("augmentation", "shear_range", 20.0),
        ("augmentation", "cutout", 8),
    ],
)
def test_a_setting_that_the_others_would_ignore_is_named(section, setting, value):
    exp9 = EXPERIMENTS["exp9"]
    changed = exp9 | {section: exp9[section] | {setting: value}}
    assert comparable.find_ignored(exp9) == []
    assert comparable.find_ignored(changed) == [f"{section}.{setting}"]


def test_nothing_is_timed_if_one_of_the_networks_cannot_be_compared(monkeypatch):
    monkeypatch.setattr("sys.argv", ["training.py", "--networks", "exp0,exp13"])
    monkeypatch.setattr(training, "measure", lambda *_: pytest.fail("timed"))
    with pytest.raises(ValueError, match="received 'exp13'"):
        training.main()


def take_one_round(contend, *arguments):
    """Have a contender take a turn in this process; return the result of its round."""
    results = []

    def turn(result):
        results.append(result)
        if len(results) == 2:  # the introduction, and a round
            raise StopIteration

    with pytest.raises(StopIteration):
        contend(turn, *arguments)
    return results[1]


def test_the_legacy_generator_takes_what_it_knows_of_an_augmentation():
    augmentation = EXPERIMENTS["exp7"]["augmentation"]
    assert take_one_round(plain_keras.generate, augmentation, 8, 1) > 0


def test_the_time_of_our_epochs_ends_before_validation(monkeypatch):
    seconds = itertools.count()  # each look at the clock is one later
    validate = callbacks.Validation.on_epoch_end

    def validate_slowly(*arguments):
        next(itertools.islice(seconds, 1000, None))
        validate(*arguments)

    monkeypatch.setattr(
        turns, "time", SimpleNamespace(perf_counter=lambda: next(seconds))
    )
    monkeypatch.setattr(callbacks.Validation, "on_epoch_end", validate_slowly)
    monkeypatch.setattr(
        keras.Model, "fit", keras.Model.fit
    )  # what ours puts there ends
    training = EXPERIMENTS["exp0"]["training"] | {"batch_size": 8}
    experiment = EXPERIMENTS["exp0"] | {"training": training}
    assert take_one_round(train_ours, experiment, 2) == 16  # images in a second


def test_epochs_on_the_device_at_hand_are_timed():
    block = common.load_experiments(["exp0"])["exp0"]
    seconds = gpu.measure(block, "float32", images=40)
    assert len(seconds) == gpu.EPOCHS and min(seconds) > 0


def test_what_a_gpu_gave_says_on_what_and_how(monkeypatch):
    published = []
    command = ["gpu.py", "--networks", "exp0", "--precision", "mixed_float16"]
    monkeypatch.setattr("sys.argv", [*command, "--images", "80"])
    monkeypatch.setattr(gpu, "measure", lambda *_: [3.0, 1.0, 1.0])
    monkeypatch.setattr(backend, "name_accelerators", lambda backend: ["a GPU"])
    monkeypatch.setattr(gpu, "publish", lambda *arguments: published.extend(arguments))
    gpu.main()
    _, machine, _, results = published
    assert (machine["backend"], machine["accelerators"]) == ("tensorflow", ["a GPU"])
    assert "jax" in machine
    assert (results["precision"], results["images"]) == ("mixed_float16", 80)
    assert results["seconds"] == {"exp0": [3.0, 1.0, 1.0]}


def test_the_convolutions_of_networks_are_listed_once_and_timed():
    layers = convolutions.list_layers(["exp1", "exp3", "exp13"])
    assert (8, 64, 128) in layers and (15, 128, 512) in layers
    assert len(layers) == len(set(layers))
    assert min(min(layer[1:]) for layer in layers) >= convolutions.LEAST_CHANNELS
    seconds = convolutions.measure((4, 2, 3), rounds=2)
    assert {name: len(times) for name, times in seconds.items()} == {
        "direct": 2,
        "winograd": 2,
    }


def test_the_legacy_generator_trains_exp7_and_leaves_a_history_like_ours(tmp_path):
    data = make_images(24)
    split = {"train": np.arange(20), "validation": np.arange(20, 24)}
    block = EXPERIMENTS["exp7"]
    block = block | {"training": block["training"] | {"batch_size": 8}}
    experiment = Experiment.model_validate(block)
    backend.prepare_keras(0, "float32", Execution())
    path = tmp_path / "history.csv"
    network = legacy_augmentation.train(data, split, experiment, 0, 2, path)
    history = pd.read_csv(path)
    assert list(history) == HISTORY_COLUMNS and list(history["epoch"]) == [1, 2]
    predicted = network.predict_on_batch(data["images"])
    np.testing.assert_allclose(predicted.sum(axis=1), 1, atol=1e-5)


def test_the_legacy_generators_epochs_are_shuffled_and_have_whole_batches_only():
    images = np.arange(20.0).reshape(20, 1, 1, 1)
    batches = plain_keras.make_generator({}).flow(images, np.arange(20), 8, seed=0)
    drawn = [labels for _, labels in itertools.islice(feed(batches, 2), 6)]
    assert {len(labels) for labels in drawn} == {8}
    epochs = [np.concatenate(drawn[start : start + 2]) for start in (0, 2, 4)]
    assert all(len(set(epoch)) == 16 for epoch in epochs)
    assert not np.array_equal(epochs[0], epochs[1])
