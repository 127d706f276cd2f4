"""What a failed run leaves, and what removes it."""

import json

import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError
from PIL import Image

from cifar_kedro.datasets import KerasModelDataset
from cifar_kedro.datasets.atomic import JSONDataset
from cifar_kedro.hooks.failures import FailureHooks
from cifar_kedro.models import network
from tests.helpers.hooks import Catalog, make_node, raise_
from tests.helpers.project import read_statuses, run


@pytest.fixture
def note(project):
    return project / "data/sample/07_model_output/exp0/seed-0/failure.json"


def test_a_failure_is_noted_and_shown_until_its_node_runs_again(
    project, note, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(
            network, "build_network", raise_(ValueError("too wide\nsomewhere"))
        )
        with pytest.raises(ValueError, match="too wide"):
            run(project, "exp0")
    failure = json.loads(note.read_text())
    assert pd.Timestamp(failure.pop("time")).tzinfo
    assert failure == {
        "node": "exp0.train_model_node",
        "error": "ValueError",
        "message": "too wide\nsomewhere",
    }
    run(project, "reporting", node_names=["summarise_runs_node"])
    assert read_statuses(project) == {"exp0": "failed: ValueError: too wide"}
    run(project, "exp0", "reporting")
    assert not note.exists()
    assert read_statuses(project) == {"exp0": "cut short: 1 of up to 500 epochs"}


def test_what_fails_while_loading_or_saving_is_noted_too(project, note, monkeypatch):
    with pytest.raises(DatasetError, match=r"model\.keras"):
        run(project, "exp0", node_names=["exp0.evaluate_model_node"])
    assert json.loads(note.read_text())["node"] == "exp0.evaluate_model_node"
    monkeypatch.setattr(KerasModelDataset, "save", raise_(OSError("disk on fire")))
    with pytest.raises(OSError, match="disk on fire"):
        run(project, "exp0")
    assert json.loads(note.read_text())["node"] == "exp0.train_model_node"


def test_an_interrupted_run_is_no_failure(project, note, monkeypatch):
    monkeypatch.setattr(network, "build_network", raise_(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(project, "exp0")
    assert not note.exists()


@pytest.mark.parametrize(
    ("pipeline", "filters", "missing"),
    [
        ("exp0", {"tags": ["reporting"]}, r"history\.csv"),
        ("classify", {}, r"best_model\.keras"),
    ],
)
def test_what_fails_beside_an_experiment_is_no_failure_of_it(
    project, note, pipeline, filters, missing
):
    images = project / "data/sample/01_raw/images"
    images.mkdir(parents=True)
    Image.new("RGB", (40, 40), "red").save(images / "red.png")
    with pytest.raises(DatasetError, match=missing):
        run(project, pipeline, **filters)
    assert not note.exists()


def test_the_note_stays_while_other_nodes_run(tmp_path):
    note = JSONDataset(filepath=str(tmp_path / "failure.json"))
    note.save({"node": "exp0.train"})
    hooks, catalog = FailureHooks(), Catalog({"exp0.failure": note})
    hooks.before_node_run(make_node("exp0", "plot"), catalog)
    assert note.exists()
    for _ in range(2):
        hooks.before_node_run(make_node("exp0", "train"), catalog)
        assert not note.exists()


@pytest.mark.parametrize("later", ["a node of the data", "another run"])
def test_a_failure_elsewhere_is_of_no_experiment(later):
    hooks, catalog = FailureHooks(), Catalog()
    hooks.before_dataset_loaded(make_node("exp0"))
    if later == "another run":  # of the same process
        hooks.before_pipeline_run()
    else:
        hooks.before_dataset_loaded(make_node(None, tags=["data_engineering"]))
    hooks.on_pipeline_error(ValueError(), catalog)
    assert not catalog


def test_where_no_note_can_be_written_the_error_stays_the_error(tmp_path, caplog):
    (tmp_path / "file").touch()
    note = JSONDataset(filepath=str(tmp_path / "file/failure.json"))
    hooks = FailureHooks()
    hooks.before_dataset_loaded(make_node("exp0"))
    hooks.on_pipeline_error(ValueError(), DataCatalog({"exp0.failure": note}))
    message = "failure could not be noted: exp0.failure: Nothing can be written to"
    assert message in caplog.text
