"""Real processes, really killed: what they leave, and how the next one goes on."""

import json
import signal

import keras
import numpy as np
import pandas as pd

from tests.helpers.processes import run_killed

RUN = "exp0/seed-0"


def results(project):
    """Read all that a run leaves, but what tells of time."""
    data = project / "data/sample"
    history = pd.read_csv(data / "07_model_output" / RUN / "history.csv")
    metrics = json.loads((data / "07_model_output" / RUN / "metrics.json").read_text())
    for key in ("started", "seconds"):
        del metrics["provenance"][key]
    del metrics["training_seconds"]
    predictions = np.load(data / "07_model_output" / RUN / "predictions.npz")
    return {
        "history": history.drop(columns="seconds").to_csv(),
        "metrics": metrics,
        "predictions": {k: v.tobytes() for k, v in predictions.items()},
        "models": {
            name: [w.tobytes() for w in keras.saving.load_model(path).get_weights()]
            for name in ("model", "best_model")
            for path in [data / "06_models" / RUN / f"{name}.keras"]
        },
        "files": sorted(
            path.relative_to(data).as_posix()
            for path in data.rglob("*")
            if path.is_file()
        ),
    }


def test_killed_anywhere_and_resumed_equals_uninterrupted(project, uninterrupted):
    checkpoint = project / "data/sample/06_models" / RUN / "checkpoint.npz"
    for point, done in (
        ("batch", None),
        ("checkpoint", 1),
        ("evaluation", 2),
        ("figure", 5),
    ):
        status, log = run_killed(project, point)
        assert status == -signal.SIGKILL, log
        assert checkpoint.exists()
        if done:
            assert f"exp0: resumed after epoch {done}" in log, (point, log)
            assert f"epoch {done}/" not in log  # no epoch is run again
    status, log = run_killed(project)
    assert status == 0, log
    assert "exp0: resumed after epoch 5" in log
    # A file that a killed process had begun is not the next one's to delete at once.
    for path in project.rglob(".tmp-*"):
        path.unlink()
    assert results(project) == results(uninterrupted)
    assert not any("checkpoint" in name for name in results(project)["files"])


def test_interrupted_by_hand_the_state_stays_and_the_lock_does_not(project):
    status, log = run_killed(project, "batch", "SIGINT")
    assert status != 0
    assert "KeyboardInterrupt" in log
    folder = project / "data/sample/06_models" / RUN
    assert [path.name for path in folder.iterdir()] == ["checkpoint.npz"]
    status, log = run_killed(project)
    assert status == 0, log
    assert "exp0: resumed after epoch 1" in log
