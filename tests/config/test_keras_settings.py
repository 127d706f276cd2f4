import json
import os
import subprocess
import sys

import keras
import pytest

from cifar_kedro.config import keras_settings
from cifar_kedro.config.environment import list_environment
from cifar_kedro.config.keras_settings import check_keras, settle_keras
from tests.helpers.paths import ROOT


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Give Keras a home of its own, and the tests a clean environment."""
    for name in [n for n in os.environ if n.startswith("KERAS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


def write(home, **settings):
    (home / "keras.json").write_text(json.dumps(settings))


# Each changes the network, the numbers, or both.
FOREIGN = {"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.1}

BUILD = """
from cifar_kedro.config import Execution, Experiment
from cifar_kedro.config.loader import ExperimentConfigLoader
from cifar_kedro.training.backend import describe_backend, prepare_keras
from cifar_kedro.models.network import build_network
from cifar_kedro.settings import CONFIG_LOADER_ARGS
import keras, json
first = keras.config.image_data_format()
block = ExperimentConfigLoader("conf", env="base", **CONFIG_LOADER_ARGS)["parameters"]["exp0"]
prepare_keras(0, "float32", Execution())
network = build_network(Experiment.model_validate(block).network)
print(json.dumps([first, network.count_params(), describe_backend()["keras"]]))
"""


def test_a_users_keras_json_changes_no_network(home):
    write(home, **FOREIGN)
    done = subprocess.run(
        [sys.executable, "-c", BUILD],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        "channels_first",  # so the file was read
        263_402,
        {"image_data_format": "channels_last", "floatx": "float32", "epsilon": 1e-7},
    ]


@pytest.mark.parametrize("name", FOREIGN)
def test_what_a_process_has_set_is_set_back(name):
    before = getattr(keras.config, name)()
    getattr(keras.config, f"set_{name}")(FOREIGN[name])
    assert getattr(keras.config, name)() != before
    settle_keras()
    assert getattr(keras.config, name)() == before


@pytest.mark.parametrize("name", ["KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"])
@pytest.mark.parametrize("value", ["1", "0", "", "many"])
def test_a_bound_that_keras_would_keep_in_silence_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=rf"^{name}: received '{value}', expected"):
        check_keras()


@pytest.mark.parametrize("name", ["max_epochs", "max_steps_per_epoch"])
def test_a_bound_that_the_process_called_for_is_refused(name):
    set_bound = getattr(keras.config, f"set_{name}")
    set_bound(1)
    try:
        with pytest.raises(ValueError, match=rf"keras\.config\.{name}: received 1"):
            settle_keras()
    finally:
        set_bound(None)


def test_variables_of_another_library_are_refused(home, monkeypatch):
    write(home, nnx_enabled=True)
    with pytest.raises(ValueError, match=r"keras\.json: nnx_enabled: received true"):
        check_keras()
    monkeypatch.setenv("KERAS_NNX_ENABLED", "false")
    check_keras()  # it wins
    monkeypatch.setenv("KERAS_NNX_ENABLED", "1")
    with pytest.raises(ValueError, match=r"^KERAS_NNX_ENABLED: received true"):
        check_keras()


@pytest.mark.parametrize("backend", ["jaxx", "JAX", "openvino", "numpy"])
def test_a_backend_that_does_not_train_is_refused(home, monkeypatch, backend):
    write(home, backend=backend)
    expected = "expected one of the backends that train: tensorflow, jax, torch"
    with pytest.raises(ValueError, match=rf"keras\.json: backend: .*{expected}"):
        check_keras()
    monkeypatch.setenv("KERAS_BACKEND", backend)
    with pytest.raises(ValueError, match=rf"^KERAS_BACKEND: received '{backend}'"):
        check_keras()


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_backend_that_is_not_installed_is_named_with_its_extra(
    home, monkeypatch, backend
):
    monkeypatch.setattr(keras_settings, "find_spec", lambda name: None)
    monkeypatch.setenv("KERAS_BACKEND", backend)
    with pytest.raises(ModuleNotFoundError) as error:
        check_keras()
    assert str(error.value) == (
        f"KERAS_BACKEND: received '{backend}', but the package {backend} is not "
        f"installed here. Install it: pip install -c requirements.lock -e '.[{backend}]'. "
        "Or choose another backend: KERAS_BACKEND=tensorflow"
    )


@pytest.mark.parametrize("text", ["{half", "", None])
def test_what_keras_ignores_is_ignored(home, text):
    if text is not None:
        (home / "keras.json").write_text(text)
    check_keras()


def test_a_file_that_keras_cannot_take_is_named(home, monkeypatch):
    (home / "keras.json").write_text("[1]")
    with pytest.raises(
        ValueError, match=r"keras\.json: received a list, expected keys"
    ):
        check_keras()
    write(home, epsilon=1)
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setattr("builtins.__import__", fail_on_keras(__import__))
    with pytest.raises(ValueError, match=r"with .*keras\.json: Invalid `epsilon`"):
        settle_keras()


def fail_on_keras(original):
    def import_(name, *arguments, **named):
        if name == "keras":
            raise ValueError("Invalid `epsilon` configuration.")
        return original(name, *arguments, **named)

    return import_


def test_the_home_is_where_keras_looks(monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".keras").mkdir()
    write(tmp_path / ".keras", backend="jaxx")
    with pytest.raises(ValueError, match="jaxx"):
        check_keras()


def test_what_backends_read_is_listed_if_it_is_set(monkeypatch):
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE", raising=False)
    monkeypatch.setenv("ONEDNN_DEFAULT_FPMATH_MODE", "BF16")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    listed = list_environment()
    assert listed["ONEDNN_DEFAULT_FPMATH_MODE"] == "BF16"
    assert listed["OMP_NUM_THREADS"] == "3"
    assert listed["TF_ENABLE_ONEDNN_OPTS"] == os.environ["TF_ENABLE_ONEDNN_OPTS"]
    assert "NVIDIA_TF32_OVERRIDE" not in listed


def test_the_extras_exist():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(f"\n{extra} = [" in text for extra in ("jax", "torch"))
