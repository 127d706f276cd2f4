"""Locks of trainings, and the states that they go on from."""

import keras
import pytest
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Node, Pipeline

from cifar_kedro.datasets.checkpoint import BOUNDED, CheckpointDataset
from cifar_kedro.datasets.training_lock import LockLostError, TrainingLock, hold_locks
from cifar_kedro.hooks.failures import FailureHooks
from cifar_kedro.hooks.trainings import CheckpointHooks
from cifar_kedro.models import inference as prediction
from tests.helpers.hooks import Catalog, make_node, raise_
from tests.helpers.project import TINY, read_statuses, run


def fail_after_training(project, monkeypatch, **options):
    """Train exp0, and let its evaluation fail."""
    with monkeypatch.context() as patch:
        patch.setattr(prediction, "predict", raise_(ValueError("no power")))
        with pytest.raises(ValueError, match="no power"):
            run(project, "exp0", **options)


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


def test_a_training_that_another_process_is_at_is_refused(project):
    path = project / "data/sample/06_models/exp0/seed-0/checkpoint.npz"
    with hold_locks([TrainingLock(path.with_name("checkpoint.npz.lock"))]):
        with pytest.raises(DatasetError, match="trains the same experiment and seed"):
            run(project, "exp0")
        assert list(path.parent.iterdir()) == [path.with_name("checkpoint.npz.lock")]
    run(project, "exp0", params={"seed": 1})  # another seed is another training


def test_the_state_of_a_training_stays_until_its_run_has_ended_well(
    project, monkeypatch
):
    folder = project / "data/sample/06_models/exp0/seed-0"
    fail_after_training(project, monkeypatch)
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
    fail_after_training(project, monkeypatch, params={"max_epochs": 2})
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


def test_other_parameters_are_refused_until_the_training_starts_from_scratch(
    project, monkeypatch
):
    fail_after_training(project, monkeypatch)
    changed = {"exp0": {"network": {"blocks": [{"filters": [3]}]}}}
    with pytest.raises(DatasetError, match=r"network\.blocks was .* resume=false"):
        run(project, "exp0", params=changed)
    run(project, "exp0", params=changed | {"resume": False})
