"""Keras' other backends, each where it is installed: `.ci/run` installs them."""

import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.helpers.paths import ROOT
from tests.helpers.processes import KILLED_RUN

RESULTS = Path("data/sample/07_model_output/exp0/seed-0")

# exp13's whitening, GELU, Muon, average and views, in a network of a moment.
TINY = """
exp13:
  network:
    blocks:
      - {filters: [4, 4], pool: first}
      - {filters: [8, 8], pool: first}
  training:
    optimizer: {ema_momentum: 0.95}
    batch_size: 500
    validation_images: 100
"""


@pytest.fixture(
    params=[
        pytest.param(
            name,
            marks=pytest.mark.skipif(not find_spec(name), reason=f"{name} is an extra"),
        )
        for name in ("jax", "torch")
    ]
)
def backend(request):
    return request.param


@pytest.fixture
def call(backend):
    """Give a function that runs Python on the backend and returns status and output."""

    def call(project, *arguments):
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=project,
            env=os.environ
            | {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT / "src")}
            | {"KEDRO_DISABLE_TELEMETRY": "1"}
            # Threads of torch wait for each other, and long on a busy machine.
            | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return done.returncode, done.stdout + done.stderr

    return call


def read(project):
    """Read what must not depend on whether a run was interrupted."""
    history = pd.read_csv(project / RESULTS / "history.csv").drop(columns="seconds")
    predictions = np.load(project / RESULTS / "predictions.npz")
    return history.to_csv(), {k: v.tobytes() for k, v in predictions.items()}


def test_killed_and_resumed_equals_uninterrupted(project, tmp_path_factory, call):
    twin = tmp_path_factory.mktemp("twin")
    shutil.copytree(project, twin, dirs_exist_ok=True)
    status, log = call(project, KILLED_RUN, project, "batch", "SIGKILL")
    assert status == -signal.SIGKILL, log
    status, log = call(project, KILLED_RUN, project, "none", "SIGKILL")
    assert status == 0, log
    assert "exp0: resumed after epoch 1" in log
    status, log = call(twin, KILLED_RUN, twin, "none", "SIGKILL")
    assert status == 0, log
    assert read(project) == read(twin)


def test_a_modern_recipe_is_trained_reported_and_classifies(project, backend, call):
    (project / "conf/sample/parameters_experiments.yml").write_text(TINY)
    run = ("-m", "kedro", "run", "--env", "sample", "--pipelines")
    status, log = call(project, *run, "exp13,reporting")
    assert status == 0, log
    table = pd.read_csv(project / "data/sample/08_reporting/summary.csv")
    assert table["experiment"].tolist() == ["exp13"]
    images = project / "data/sample/01_raw/images"
    images.mkdir(parents=True)
    Image.new("RGB", (64, 64), "red").save(images / "red.png")
    parameters = "classify.experiment=exp13"
    status, log = call(project, *run, "classify", "--params", parameters)
    assert status == 0, log
    (written,) = (project / "data/sample/08_reporting/classify").rglob("*.csv")
    assert pd.read_csv(written)["file"].tolist() == ["red.png"]
