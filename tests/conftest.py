"""Fixtures shared by all tests."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.framework.startup import bootstrap_project

from cifar_kedro.config import Experiment, session
from cifar_kedro.config.loader import ExperimentConfigLoader
from cifar_kedro.settings import CONFIG_LOADER_ARGS

ROOT = Path(__file__).parents[1]
ARCHIVE = ROOT.parent / "shared/data/cifar-10-binary.tar.gz"
ARCHIVE_HASH = "md5:9267da7bf9154f6c74efc644efc70447"

NETWORK = {"blocks": [{"filters": [4]}], "dense": [8]}
TRAINING = {
    "optimizer": {"name": "adam", "learning_rate": 0.001},
    "batch_size": 16,
    "epochs": 2,
}


def make_experiment(**changes: Any) -> Experiment:
    """Make a valid experiment with a tiny network, changed section by section."""
    block = {"name": "tiny", "title": "Tiny", "network": NETWORK, "training": TRAINING}
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(block.get(key), dict)
        block[key] = block[key] | value if both else value
    return Experiment.model_validate(block)


def load_parameters(env: str = "base", conf: Path = ROOT / "conf") -> dict[str, Any]:
    """Load the parameters as a session of that environment does."""
    return ExperimentConfigLoader(conf, env=env, **CONFIG_LOADER_ARGS)["parameters"]


def make_images(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Make random images in [0, 1] with the ten labels in turn."""
    generator = np.random.default_rng(seed)
    return {
        "images": generator.random((count, 32, 32, 3), dtype=np.float32),
        "labels": (np.arange(count) % 10).astype(np.uint8),
    }


def copy_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the project, without anyone's local overrides, and work there."""
    shutil.copytree(
        ROOT / "conf", folder / "conf", ignore=shutil.ignore_patterns("local")
    )
    (folder / "conf/local").mkdir()
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "src", folder / "src")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)  # it gets no test's runs
    bootstrap_project(folder)
    session.use_parameters({})  # those of another test's session
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of the project's configuration, without anyone's local overrides."""
    return copy_project(tmp_path, monkeypatch)
