import errno
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kedro.io import DatasetError

from cifar_kedro.datasets.checkpoint import (
    BOUNDED,
    Checkpoint,
    CheckpointDataset,
    TrainingState,
)
from cifar_kedro.datasets.npz import NpzDataset
from tests.helpers.checkpoints import SHAPES, STATE, same

FINGERPRINT = {"seed": 0, "parameters": {"training": {"batch_size": 512}}}


@pytest.fixture
def checkpoint(tmp_path):
    return Checkpoint(str(tmp_path / "run/checkpoint.npz"), fingerprint=FINGERPRINT)


def test_a_state_comes_back_to_the_bit(checkpoint):
    assert checkpoint.load() is None
    assert not checkpoint.exists()
    checkpoint.save(STATE)
    assert same(checkpoint.load(), STATE)
    assert replace(checkpoint, resume=False).load() is None  # from scratch
    checkpoint.delete()
    checkpoint.delete()
    assert checkpoint.load() is None


@given(value=st.floats(allow_nan=False), count=st.integers(0, 12))
@settings(deadline=None)
def test_any_number_comes_back(tmp_path_factory, value, count):
    checkpoint = Checkpoint(str(tmp_path_factory.mktemp("run") / "checkpoint.npz"))
    variables = [np.float64([value + i]) for i in range(count)]
    state = TrainingState(variables, [], [{"loss": value}], [{"best": value}], True)
    checkpoint.save(state)
    assert same(checkpoint.load(), state)


@pytest.mark.parametrize("store", ["", "memory://bounded/"])
def test_a_training_that_its_bound_ended_goes_on_under_a_larger_one(
    tmp_path, store, caplog
):
    caplog.set_level("INFO")
    path = f"{store or tmp_path}/checkpoint.npz"
    checkpoint = Checkpoint(path, fingerprint=FINGERPRINT)
    assert checkpoint.load_bounded(2, SHAPES) is None
    checkpoint.save(STATE)
    checkpoint.keep_bounded()
    assert checkpoint.load() is None and not checkpoint.exists()
    assert same(checkpoint.load_bounded(2, SHAPES), STATE)
    assert (
        "Going on where an earlier run ended at its max_epochs, after 1" in caplog.text
    )
    assert checkpoint.load_bounded(1, SHAPES) is None
    assert "Training from scratch: an earlier run ended" in caplog.text
    assert "after 1 epochs; this one ends at 1" in caplog.text
    assert checkpoint.load_bounded(2, [(2, 3), (4,)]) is None  # the code has changed
    assert "after 1 epochs; it had another network" in caplog.text
    assert replace(checkpoint, resume=False).load_bounded(2, SHAPES) is None
    later = replace(STATE, history=STATE.history * 2)
    checkpoint.save(later)  # interrupted after one epoch more
    assert same(checkpoint.load(), later)
    checkpoint.keep_bounded()
    assert same(checkpoint.load_bounded(3, SHAPES), later)
    checkpoint.delete()
    assert checkpoint.load_bounded(9, SHAPES) is None


@pytest.mark.parametrize("content", [None, b"", b"text"])
def test_what_a_finished_run_left_never_stops_another(
    checkpoint, tmp_path, content, caplog
):
    caplog.set_level("INFO")
    checkpoint.save(STATE)
    checkpoint.keep_bounded()
    changed = replace(checkpoint, fingerprint=FINGERPRINT | {"seed": 1})
    if content is not None:
        (tmp_path / "run" / BOUNDED).write_bytes(content)
    assert changed.load_bounded(9, SHAPES) is None
    reason = f"{BOUNDED} is damaged" if content is not None else "seed was 0, is 1"
    assert "Training from scratch: " in caplog.text and reason in caplog.text


def test_a_state_from_before_the_environment_was_noted_goes_on(checkpoint):
    checkpoint.save(STATE)
    noted = FINGERPRINT | {"environment": {"XLA_FLAGS": "--a"}}
    noting = replace(checkpoint, fingerprint=noted)
    assert same(noting.load(), STATE)
    noting.save(STATE)
    other = replace(checkpoint, fingerprint=FINGERPRINT | {"environment": {}})
    with pytest.raises(DatasetError, match="XLA_FLAGS was --a, is None"):
        other.load()


def test_another_fingerprint_is_refused_and_its_changes_named(checkpoint):
    checkpoint.save(STATE)
    training = {"training": {"batch_size": 64}}
    other = {"seed": 0, "parameters": training, "new": 1}
    with pytest.raises(DatasetError) as error:
        replace(checkpoint, fingerprint=other).load()
    for part in (
        "1 epochs are done",
        "parameters.training.batch_size was 512, is 64",
        "new was None, is 1",
        "--params resume=false",
    ):
        assert part in str(error.value)
    assert "seed" not in str(error.value)


@pytest.mark.parametrize("damage", ["torn", "text", "foreign", "empty"])
def test_what_is_no_state_is_refused(checkpoint, tmp_path, damage):
    checkpoint.save(STATE)
    path = tmp_path / "run/checkpoint.npz"
    torn = path.read_bytes()[: path.stat().st_size // 2]
    if damage == "foreign":
        np.savez(path, images=np.zeros(3))
    else:
        path.write_bytes({"torn": torn, "text": b"hello", "empty": b""}[damage])
    with pytest.raises(DatasetError, match=r"no state of a training.*resume=false"):
        checkpoint.load()


def test_a_full_disk_leaves_the_last_state(checkpoint, monkeypatch):
    checkpoint.save(STATE)

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(DatasetError, match="No space left on device"):
        checkpoint.save(TrainingState([], [], [], [], True))
    assert same(checkpoint.load(), STATE)


def test_the_catalog_names_the_place(tmp_path):
    dataset = CheckpointDataset(filepath=str(tmp_path / "a.npz"), resume=False)
    assert not dataset.exists()
    checkpoint = dataset.load()
    assert (checkpoint.filepath, checkpoint.resume) == (str(tmp_path / "a.npz"), False)
    assert checkpoint.lock
    checkpoint.save(STATE)
    assert dataset.exists()
    with pytest.raises(DatasetError, match="written by its training"):
        dataset.save(STATE)


def test_a_store_that_is_no_file_system_has_no_lock():
    assert CheckpointDataset(filepath="memory://team/a.npz").load().lock is None


def test_no_secret_of_the_address_is_told():
    address = "memory://me:hunter2@team/checkpoint.npz?signature=hunter2"
    dataset = CheckpointDataset(filepath=address)
    for text in (str(dataset), repr(dataset.load())):
        assert "hunter2" not in text
    assert "memory://team/checkpoint.npz" in str(dataset)


def test_states_of_earlier_versions_have_the_same_key(checkpoint):
    checkpoint.save(STATE)
    text = NpzDataset(filepath=checkpoint.filepath).load()["text"].tobytes()
    assert json.loads(text)["origin"] == FINGERPRINT
