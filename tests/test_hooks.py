"""What a failed run leaves, and what removes it."""

import json
from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node

from cifar_kedro import training
from cifar_kedro.datasets import KerasModelDataset
from cifar_kedro.datasets.atomic import JSONDataset
from cifar_kedro.hooks import FailureHooks
from cifar_kedro.pipelines.modelling import nodes
from tests.test_run import read_statuses, run


@pytest.fixture
def note(project):
    return project / "data/sample/07_model_output/exp0/seed-0/failure.json"


def raise_(error):
    def raising(*_, **__):
        raise error

    return raising


def test_a_failure_is_noted_and_shown_until_its_node_runs_again(
    project, note, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(training, "fit", raise_(ValueError("loss is NaN\nsomewhere")))
        with pytest.raises(ValueError, match="loss is NaN"):
            run(project, "exp0")
    failure = json.loads(note.read_text())
    assert pd.Timestamp(failure.pop("time")).tzinfo
    assert failure == {
        "node": "exp0.train_model_node",
        "error": "ValueError",
        "message": "loss is NaN\nsomewhere",
    }
    run(project, "reporting")
    assert read_statuses(project) == {"exp0": "failed: ValueError: loss is NaN"}
    run(project, "exp0", "reporting")
    assert not note.exists()
    assert read_statuses(project) == {"exp0": "complete"}
    with monkeypatch.context() as patch:
        patch.setattr(nodes, "predict", raise_(ValueError("no prediction")))
        with pytest.raises(ValueError, match="no prediction"):
            run(project, "exp0")
    run(project, "reporting")
    assert read_statuses(project) == {"exp0": "failed: ValueError: no prediction"}
    # the figures say nothing about the evaluation
    run(project, "exp0", tags=["reporting"])
    assert json.loads(note.read_text())["node"] == "exp0.evaluate_model_node"
    run(project, "exp0", node_names=["exp0.evaluate_model_node"])
    assert not note.exists()


@pytest.mark.parametrize(
    ("step", "node"), [("save", "train_model_node"), ("load", "evaluate_model_node")]
)
def test_what_fails_while_saving_or_loading_is_noted_too(
    project, note, monkeypatch, step, node
):
    monkeypatch.setattr(KerasModelDataset, step, raise_(OSError("disk on fire")))
    with pytest.raises(OSError, match="disk on fire"):
        run(project, "exp0")
    assert json.loads(note.read_text())["node"] == f"exp0.{node}"


def test_an_interrupted_run_is_no_failure(project, note, monkeypatch):
    monkeypatch.setattr(training, "fit", raise_(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(project, "exp0")
    assert not note.exists()


class Catalog(dict[str, Any]):
    def save(self, name, data):
        self[name] = data


def make_node(namespace):
    return Node(len, inputs="data", outputs="size", name="n", namespace=namespace)


def test_a_failure_of_the_data_is_of_no_experiment():
    hooks, catalog = FailureHooks(), Catalog()
    hooks.before_dataset_loaded(make_node("exp0"))
    hooks.before_dataset_loaded(make_node(None))
    hooks.on_pipeline_error(ValueError(), catalog)
    assert not catalog


def test_an_earlier_run_of_the_same_process_is_forgotten():
    hooks, catalog = FailureHooks(), Catalog()
    hooks.before_dataset_loaded(make_node("exp0"))
    hooks.before_pipeline_run()
    hooks.on_pipeline_error(ValueError("no node was reached"), catalog)
    assert not catalog


def test_where_no_note_can_be_written_the_error_stays_the_error(tmp_path, caplog):
    (tmp_path / "file").touch()
    note = JSONDataset(filepath=str(tmp_path / "file/failure.json"))
    hooks = FailureHooks()
    hooks.before_dataset_loaded(make_node("exp0"))
    hooks.on_pipeline_error(ValueError(), DataCatalog({"exp0.failure": note}))
    message = "failure could not be noted: exp0.failure: Nothing can be written to"
    assert message in caplog.text
