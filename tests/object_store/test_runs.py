"""Whole runs in a bucket."""

import io
import signal

import pandas as pd
import pytest
from PIL import Image

from tests.helpers.processes import run_killed
from tests.helpers.project import REPORT, REPORT_FIGURES, results, run


@pytest.fixture
def shared_project(project, store):
    """Give a copy of the project whose sample environment works in the bucket."""
    store.configure(project / "conf/sample")
    return project


def test_a_run_from_nothing_to_the_report_and_to_own_images(shared_project, store):
    run(shared_project, "exp0", "reporting")
    written = store.list()
    figures = {name for name in written if "report_figures" in name}
    assert {name.split("/")[-1] for name in figures} == REPORT_FIGURES
    assert written - figures == {
        *(f"05_model_input/{part}.npz" for part in ("development", "test")),
        *(f"05_model_input/seed-0/{n}" for n in ("split.npz", "identical_images.json")),
        *results("exp0"),
        *(f"08_reporting/{name}" for name in REPORT),
    }
    table = pd.read_csv(io.BytesIO(store.get("08_reporting/summary.csv")))
    assert table["status"].tolist() == ["cut short: 1 of up to 500 epochs"]
    image = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(image, "PNG")
    store.put("01_raw/images/red.png", image.getvalue())
    run(shared_project, "classify")
    assert store.list() - written == {
        "01_raw/images/red.png",
        "08_reporting/classify/exp0/seed-0/best/classified_images.csv",
        "08_reporting/classify/exp0/seed-0/best/contact_sheet/page-01.png",
    }
    assert not (shared_project / "data").exists()


def read_history(content):
    return pd.read_csv(content).drop(columns="seconds")


def test_killed_and_resumed_equals_uninterrupted(shared_project, store, uninterrupted):
    status, log = run_killed(shared_project, "batch")
    assert status == -signal.SIGKILL, log
    state = "06_models/exp0/seed-0/checkpoint.npz"
    assert state in store.list()
    status, log = run_killed(shared_project)
    assert status == 0, log
    assert "exp0: resumed after epoch 1" in log
    assert store.credentials["secret"] not in log
    history = "07_model_output/exp0/seed-0/history.csv"
    pd.testing.assert_frame_equal(
        read_history(io.BytesIO(store.get(history))),
        read_history(uninterrupted / "data/sample" / history),
    )
    assert state not in store.list()
    assert not any(".tmp-" in name for name in store.list())
