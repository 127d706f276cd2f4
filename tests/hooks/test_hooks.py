"""What a failed run leaves, and what removes it."""

import json
import re
from pathlib import Path
from typing import Any

import keras
import pandas as pd
import pytest
from kedro.framework.session import KedroSession
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Node, Pipeline
from PIL import Image

from cifar_kedro.datasets import KerasModelDataset
from cifar_kedro.datasets.atomic import JSONDataset
from cifar_kedro.datasets.checkpoint import BOUNDED, CheckpointDataset
from cifar_kedro.datasets.training_lock import LockLostError, TrainingLock, hold_locks
from cifar_kedro.hooks.experiments import check_project_path, find_misspelt_entries
from cifar_kedro.hooks.failures import FailureHooks
from cifar_kedro.hooks.trainings import CheckpointHooks
from cifar_kedro.models import inference as prediction
from cifar_kedro.pipelines.modelling import nodes
from tests.helpers.project import TINY, read_statuses, run


@pytest.mark.parametrize("name", ["a{b}c", "}", "col::on"])
def test_a_project_whose_path_the_catalog_would_misread_is_refused(name):
    folder = Path("/home") / name
    with pytest.raises(ValueError, match=re.escape(f"lies in {folder}. Expected a")):
        check_project_path(folder)
    check_project_path(Path("/home/a[b] c?*#%$"))


def test_entries_that_were_meant_to_take_anothers_place_are_found():
    used = {"exp9.model", "exp9.history", "metrics"}
    entries = [
        *("exp9.modle", "{experiment}.modle", "metrcs"),
        *("exp9.model", "{experiment}.model", "metrics", "my_table", "{own}.table"),
    ]
    assert find_misspelt_entries(entries, used) == {
        "exp9.modle": "exp9.model",
        "metrcs": "metrics",
        "{experiment}.modle": "{experiment}.model",
    }


def test_a_session_warns_of_a_misspelt_entry_and_of_no_other(project, caplog):
    entry = "type: MemoryDataset"
    (project / "conf/local/catalog.yml").write_text(f"exp9.modle: {{{entry}}}\n")
    with KedroSession.create(project_path=project) as session:
        assert "exp9.modle" in session.load_context().catalog
    said = [r.getMessage() for r in caplog.records if "catalog entry" in r.msg]
    assert said == [
        "catalog entry 'exp9.modle': no pipeline uses it. Did you mean 'exp9.model'?"
    ]


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
        patch.setattr(nodes, "build_network", raise_(ValueError("too wide\nsomewhere")))
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


def test_what_fails_while_loading_is_noted_too(project, note):
    with pytest.raises(DatasetError, match=r"model\.keras"):
        run(project, "exp0", node_names=["exp0.evaluate_model_node"])
    assert json.loads(note.read_text())["node"] == "exp0.evaluate_model_node"


def test_what_fails_while_saving_is_noted_too(project, note, monkeypatch):
    monkeypatch.setattr(KerasModelDataset, "save", raise_(OSError("disk on fire")))
    with pytest.raises(OSError, match="disk on fire"):
        run(project, "exp0")
    assert json.loads(note.read_text())["node"] == "exp0.train_model_node"


def test_an_interrupted_run_is_no_failure(project, note, monkeypatch):
    monkeypatch.setattr(nodes, "build_network", raise_(KeyboardInterrupt))
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


class Catalog(dict[str, Any]):
    def save(self, name, data):
        self[name] = data


def make_node(namespace, name="n", tags=("modelling",)):
    names = {"inputs": "data", "outputs": "size", "name": name}
    return Node(len, **names, namespace=namespace, tags=tags)


def test_the_note_stays_while_other_nodes_run(tmp_path):
    note = JSONDataset(filepath=str(tmp_path / "failure.json"))
    note.save({"node": "exp0.train"})
    hooks, catalog = FailureHooks(), Catalog({"exp0.failure": note})
    hooks.before_node_run(make_node("exp0", "plot"), catalog)
    assert note.exists()
    for _ in range(2):
        hooks.before_node_run(make_node("exp0", "train"), catalog)
        assert not note.exists()


def test_a_failure_of_the_data_is_of_no_experiment():
    hooks, catalog = FailureHooks(), Catalog()
    hooks.before_dataset_loaded(make_node("exp0"))
    hooks.before_dataset_loaded(make_node(None, tags=["data_engineering"]))
    hooks.on_pipeline_error(ValueError(), catalog)
    assert not catalog


def test_an_earlier_run_of_the_same_process_is_forgotten():
    hooks, catalog = FailureHooks(), Catalog()
    hooks.before_dataset_loaded(make_node("exp0"))
    hooks.before_pipeline_run()
    hooks.on_pipeline_error(ValueError("no node was reached"), catalog)
    assert not catalog


def test_a_training_that_is_anothers_by_now_gets_no_note_and_no_file(tmp_path):
    checkpoint = CheckpointDataset(filepath=str(tmp_path / "checkpoint.npz"))
    node = Node(len, inputs="exp0.checkpoint", outputs="exp0.size", name="n")
    locks, failures, notes = CheckpointHooks(), FailureHooks(), Catalog()
    catalog = DataCatalog({"exp0.checkpoint": checkpoint})
    locks.before_pipeline_run(Pipeline([node]), catalog)
    locks.before_dataset_saved("exp0.model")
    (tmp_path / "checkpoint.npz.lock").unlink()
    with pytest.raises(LockLostError) as error:
        locks.before_dataset_saved("exp0.model")
    locks.before_dataset_saved("exp1.model")
    failures.before_dataset_loaded(make_node("exp0"))
    failures.on_pipeline_error(error.value, notes)
    assert not notes
    locks.on_pipeline_error()


def test_a_wrong_keras_is_refused_before_anything_is_done(project, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jaxx")
    with pytest.raises(ValueError, match=r"KERAS_BACKEND: received 'jaxx'"):
        run(project, "exp0")
    assert not list((project / "data").rglob("*.npz"))
    run(project, "data_engineering")  # which needs no Keras


def test_where_no_note_can_be_written_the_error_stays_the_error(tmp_path, caplog):
    (tmp_path / "file").touch()
    note = JSONDataset(filepath=str(tmp_path / "file/failure.json"))
    hooks = FailureHooks()
    hooks.before_dataset_loaded(make_node("exp0"))
    hooks.on_pipeline_error(ValueError(), DataCatalog({"exp0.failure": note}))
    message = "failure could not be noted: exp0.failure: Nothing can be written to"
    assert message in caplog.text


def test_a_training_that_another_process_is_at_is_refused(project):
    path = project / "data/sample/06_models/exp0/seed-0/checkpoint.npz"
    with hold_locks([TrainingLock(path.with_name("checkpoint.npz.lock"))]):
        with pytest.raises(DatasetError, match="is at the same experiment and seed"):
            run(project, "exp0")
        assert list(path.parent.iterdir()) == [path.with_name("checkpoint.npz.lock")]
    run(project, "exp0", params={"seed": 1})  # another seed is another training


def test_the_state_of_a_training_stays_until_its_run_has_ended_well(
    project, monkeypatch
):
    folder = project / "data/sample/06_models/exp0/seed-0"
    with monkeypatch.context() as patch:
        patch.setattr(prediction, "predict", raise_(ValueError("no power")))
        with pytest.raises(ValueError, match="no power"):
            run(project, "exp0")
    assert (folder / "checkpoint.npz").exists()
    with monkeypatch.context() as patch:  # done already: nothing is trained again
        patch.setattr(keras.Model, "fit", raise_(AssertionError("trained again")))
        run(project, "exp0")
    assert sorted(path.name for path in folder.iterdir()) == [
        "best_model.keras",
        BOUNDED,
        "model.keras",
        "provenance.json",
    ]


def test_a_training_that_its_bound_ended_goes_on_under_a_larger_one(project, caplog):
    training = {"epochs": 2, "batch_size": 500}
    block = {"exp0": {"network": TINY["exp0"]["network"], "training": training}}
    folder = project / "data/sample/06_models/exp0/seed-0"
    run(project, "exp0", params=block)
    assert (folder / BOUNDED).exists()
    assert not (folder / "checkpoint.npz").exists()
    run(project, "exp0", params=block | {"max_epochs": None})
    assert "exp0: resumed after epoch 1" in caplog.text
    assert not list(folder.glob("*.npz"))  # it came to its own end


def test_more_epochs_than_the_bound_asks_for_are_cut_short_all_the_same(
    project, monkeypatch, caplog
):
    with monkeypatch.context() as patch:
        patch.setattr(prediction, "predict", raise_(ValueError("no power")))
        with pytest.raises(ValueError, match="no power"):
            run(project, "exp0", params={"max_epochs": 2})
    run(project, "exp0", "reporting")
    assert "2 epochs were trained already, more than max_epochs=1 asks" in caplog.text
    assert read_statuses(project) == {"exp0": "cut short: 2 of up to 500 epochs"}


def test_the_state_of_a_training_that_is_left_out_stays(project):
    run(project, "exp0")
    data = project / "data/sample"
    state = data / "06_models/exp0/seed-0/checkpoint.npz"
    state.write_bytes(b"of a second training, which was interrupted")
    run(project, "exp0", only_missing_outputs=True)
    assert state.exists()
    metrics = data / "07_model_output/exp0/seed-0/metrics.json"
    metrics.unlink()
    run(project, "exp0", only_missing_outputs=True)
    assert metrics.exists() and state.exists()


def test_other_parameters_are_refused_until_the_training_starts_afresh(
    project, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(prediction, "predict", raise_(ValueError("no power")))
        with pytest.raises(ValueError, match="no power"):
            run(project, "exp0")
    changed = {"exp0": {"network": {"blocks": [{"filters": [3]}]}}}
    with pytest.raises(DatasetError, match=r"network\.blocks was .* resume=false"):
        run(project, "exp0", params=changed)
    run(project, "exp0", params=changed | {"resume": False})
