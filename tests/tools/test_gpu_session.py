import json
import os
import subprocess
import sys

import gpu_session
import numpy as np
import pytest
from gpu_session import Run, Session

from tests.helpers.experiments import load_parameters
from tests.helpers.paths import ROOT

RUN = Run("exp9", 1)


def test_runs_are_an_experiment_and_its_seeds():
    runs = gpu_session.read_runs(["exp11:1,0", "exp8a:2"])
    assert runs == [Run("exp11", 1), Run("exp11", 0), Run("exp8a", 2)]


def test_by_default_all_experiments_of_the_original_report_run_with_three_seeds():
    parameters = load_parameters()
    of_the_report = {name for name in parameters if name.startswith("exp")} - {"exp13"}
    runs = gpu_session.read_runs(gpu_session.RUNS)
    assert len(runs) == len(set(runs)) == 42
    assert {run.pipeline for run in runs} == of_the_report
    assert runs[0] == Run("exp11", 1)


def write_state(session, name="checkpoint.npz"):
    folder = session.data / "06_models" / RUN.name
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"history": [{"val_accuracy": 0.25}] * 7})
    np.savez(folder / name, text=np.frombuffer(text.encode(), np.uint8))


def write_metrics(session):
    path = session.data / "07_model_output" / RUN.name / "metrics.json"
    path.parent.mkdir(parents=True)
    weights = {"end": {"test_accuracy": 0.5}}
    path.write_text(json.dumps({"epochs": 8, "weights": weights}))


def test_the_table_tells_how_far_a_training_is(tmp_path):
    session = Session(tmp_path, "", "")
    assert session.describe(RUN, False) == "| exp9 | 1 | not begun |  |  |"
    write_state(session)
    row = "| exp9 | 1 | to go on | 7 | validation 25.00% |"
    assert session.describe(RUN, False) == row
    write_metrics(session)  # it failed in its figures
    assert session.describe(RUN, True) == row.replace("to go on", "failed, see its log")
    (tmp_path / "data/06_models" / RUN.name / "checkpoint.npz").unlink()
    row = "| exp9 | 1 | ended | 8 | test 50.00% |"
    assert session.describe(RUN, False) == row


@pytest.mark.parametrize(("params", "ended"), [("max_epochs=8", True), ("", False)])
def test_a_run_that_an_earlier_bound_ended_goes_on_without_the_bound(
    tmp_path, params, ended
):
    session = Session(tmp_path, "", params)
    write_metrics(session)
    write_state(session, "ended_at_bound.npz")
    assert session.has_ended(RUN) is ended


def call(output, *arguments):
    """Call the script on the sample; return its status and its table."""
    command = [sys.executable, ROOT / "tools/gpu_session.py", output, "--env", "sample"]
    command += ["--params", "max_epochs=1,exp0.network.blocks=[{filters: [2]}]"]
    done = subprocess.run(
        [*command, "--runs", "exp0:0,1", "--at-once", "2", *arguments],
        env=os.environ | {"KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return done.returncode, done.stdout


def test_a_session_stops_goes_on_and_skips_what_has_ended(tmp_path):
    status, table = call(tmp_path, "--seconds", "2")
    assert status == 1 and table.count("not begun") == 2
    status, table = call(tmp_path, "--seconds", "600")
    assert status == 0 and table.count("| ended | 1 | test ") == 2
    assert (tmp_path / "table.md").read_text() == table
    logs = {path: path.stat().st_size for path in (tmp_path / "logs").iterdir()}
    assert call(tmp_path) == (0, table)
    assert logs == {p: p.stat().st_size for p in (tmp_path / "logs").iterdir()}
