"""A copy of the project: what runs in it, and what it writes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from cifar_kedro.config import session
from tests.helpers.paths import ROOT

OUTPUTS = [
    "06_models/{}/best_model.keras",
    "06_models/{}/ended_at_bound.npz",
    "06_models/{}/model.keras",
    "06_models/{}/provenance.json",
    "07_model_output/{}/history.csv",
    "07_model_output/{}/metrics.json",
    "07_model_output/{}/predictions.npz",
    "08_reporting/{}/learning_curves.png",
]
REPORT = [
    *("summary.csv", "comparison.png", "comparisons.csv", "scores.csv", "claims.csv"),
    "summary_by_experiment.csv",
    *("gains.json", "accuracy_cost.json", "report.html", "report.md"),
]
REPORT_FIGURES = {
    *("gains.svg", "accuracy_cost.svg"),
    *("exp0-learning_curves.svg", "exp0-confusion.svg", "exp0-class_accuracy.svg"),
    *("exp0-reliability.svg", "exp0-mistakes.svg"),
}
# Not the original's network, which its status would say first.
TINY = {
    "max_epochs": 1,
    "exp0": {
        "network": {"blocks": [{"filters": [2]}]},
        "reported": {"parameters": None},
    },
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


def run(project, *pipelines, params=None, **filters):
    bootstrap_project(project)
    with KedroSession.create(
        project_path=project, env="sample", runtime_params=TINY | (params or {})
    ) as session:
        return session.run(pipeline_names=list(pipelines), **filters)


def call(project, *command, check=True, **environment):
    """Run a command of this environment in the project, without colours or width limits."""
    environment = {"COLUMNS": "200", "KEDRO_DISABLE_TELEMETRY": "1"} | environment
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def files(project, folder=""):
    root = project / "data/sample" / folder
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}


def results(name, seed=0):
    return {path.format(f"{name}/seed-{seed}") for path in OUTPUTS}


def read_statuses(project):
    table = pd.read_csv(project / "data/sample/08_reporting/summary.csv")
    return dict(zip(table["experiment"], table["status"], strict=True))
