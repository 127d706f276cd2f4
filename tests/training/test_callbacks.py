import logging
import sys

import keras
import numpy as np
import pytest

from cifar_kedro.models.network import build_network
from cifar_kedro.training import callbacks
from cifar_kedro.training.callbacks import (
    EpochRecord,
    StopOnDivergence,
    Validation,
    make_schedules_and_stoppers,
)
from cifar_kedro.training.checkpointing import SaveState
from cifar_kedro.training.on_device_images import OnDeviceImages
from cifar_kedro.training.progress import Progress, _duration
from tests.helpers.experiments import make_experiment
from tests.helpers.images import make_images

IMAGES = make_images(50)
PLATEAU = {"monitor": "val_loss", "factor": 0.1, "patience": 5, "min_lr": 1e-5}
LOGS = {"accuracy": 0.5, "val_accuracy": 0.25, "loss": 1.5, "val_loss": 2.5}


def make_network(**sections):
    keras.utils.set_random_seed(0)
    return build_network(make_experiment(**sections).network)


def make_schedules(**training):
    return make_schedules_and_stoppers(make_experiment(training=training).training)


def test_validation_is_what_keras_would_measure(monkeypatch):
    network = make_network(network={"l2": 0.1, "dropout": 0.5, "batch_norm": True})
    monkeypatch.setattr(callbacks, "EVALUATION_BATCH", 16)  # three batches and a rest
    loss = "sparse_categorical_crossentropy"
    others = make_images(30, seed=1)
    both = np.concatenate([others["images"], IMAGES["images"]])
    indices = np.arange(30, 80, dtype=np.int32)
    images, logs = OnDeviceImages(both), {}
    validation = Validation(network, images, indices, IMAGES["labels"], loss)
    for _ in range(2):  # each epoch anew
        validation.on_epoch_end(0, logs)
    network.compile(loss=loss, metrics=["accuracy"])
    loss, accuracy = network.evaluate(IMAGES["images"], IMAGES["labels"], verbose=0)
    assert logs == {
        "val_loss": pytest.approx(loss, 1e-5),
        "val_accuracy": pytest.approx(accuracy),
    }


def test_the_record_keeps_rows_and_the_first_of_the_best_weights():
    network = make_network()
    record = EpochRecord(network)
    network.compile(optimizer="adam")
    record.set_model(network)
    kept = []
    for epoch, accuracy in enumerate([0.1, 0.3, 0.3, 0.2]):
        network.set_weights([w + 1 for w in network.get_weights()])
        record.on_epoch_begin(epoch)
        record.on_epoch_end(epoch, {"val_accuracy": np.float32(accuracy)})
        kept.append(network.get_weights())
    assert [row["epoch"] for row in record.rows] == [1, 2, 3, 4]
    assert {type(v) for row in record.rows for v in row.values()} == {int, float}
    np.testing.assert_array_equal(record.best_weights[0], kept[1][0])


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_diverged_loss_names_epoch_and_step(loss):
    stop = StopOnDivergence()
    stop.on_epoch_begin(6)
    stop.on_train_batch_end(0, {"loss": 1.0})
    kept = r"at epoch 7, step 3.*after epoch 6 is kept"
    with pytest.raises(FloatingPointError, match=kept):
        stop.on_train_batch_end(2, {"loss": loss})
    stop.on_epoch_begin(0)
    with pytest.raises(
        FloatingPointError, match=r"diverged\. Lower"
    ):  # nothing is kept
        stop.on_train_batch_end(0, {"loss": loss})


def show_epoch(epochs=3):
    """Let a progress see an epoch of two steps, the second of `epochs`."""
    progress = Progress("tiny", 40)
    progress.set_params({"epochs": epochs, "steps": 2})
    progress.on_epoch_begin(1)
    for batch in range(2):
        progress.on_train_batch_end(batch, LOGS)
    progress.on_epoch_end(1, LOGS | {"learning_rate": 0.01, "seconds": 90.0})


@pytest.mark.parametrize(("epochs", "left"), [(3, ", at most 90 s left"), (2, "")])
def test_an_epoch_is_one_line_if_there_is_no_terminal(caplog, capsys, epochs, left):
    with caplog.at_level(logging.INFO, "cifar_kedro"):
        show_epoch(epochs)
    (line,) = caplog.messages
    assert line.startswith(
        f"tiny, epoch 2/{epochs}: accuracy 0.5000, validation 0.2500; loss 1.5000, "
        "validation 2.5000; learning rate 0.01; "
    )
    assert line.endswith(f" images/s; 90 s{left}")
    assert "|" not in capsys.readouterr().err


def test_a_terminal_has_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    show_epoch()
    shown = capsys.readouterr().err
    assert "tiny, epoch 2/3" in shown
    assert "/40" in shown


@pytest.mark.parametrize(
    ("seconds", "text"), [(9.4, "9 s"), (600, "10 min"), (7200, "2.0 h")]
)
def test_durations(seconds, text):
    assert _duration(seconds) == text


def test_schedules_and_stoppers_are_those_of_the_experiment_in_the_reports_order():
    plateau, *stops = make_schedules(
        early_stopping={"val_loss": 7, "accuracy": 3}, reduce_lr=PLATEAU
    )
    assert isinstance(plateau, keras.callbacks.ReduceLROnPlateau)
    assert {key: getattr(plateau, key) for key in PLATEAU} == PLATEAU
    assert all(isinstance(stop, keras.callbacks.EarlyStopping) for stop in stops)
    assert {s.monitor: s.patience for s in stops} == {"val_loss": 7, "accuracy": 3}
    assert not any(stop.restore_best_weights for stop in stops)


@pytest.mark.parametrize(
    ("metric", "rising", "falling"),
    [("val_loss", 3, 9), ("loss", 3, 9), ("val_accuracy", 9, 3), ("accuracy", 9, 3)],
)
def test_early_stopping_knows_what_is_better(metric, rising, falling):
    """Feed a metric that moves one way for nine epochs. Patience is two."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2)])
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(np.zeros((1, 1)), np.zeros(1), verbose=0)
    for step, expected in ((0.1, rising), (-0.1, falling)):
        (stop,) = make_schedules(early_stopping={metric: 2})
        stop.set_model(model)
        model.stop_training = False
        stop.on_train_begin()
        epochs = 0
        while epochs < 9 and not model.stop_training:
            stop.on_epoch_end(epochs, {metric: 1 + step * epochs})
            epochs += 1
        assert epochs == expected


class Kept:
    """A checkpoint in memory."""

    def save(self, state):
        self.state = state


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_plateau_is_as_long_as_without_an_interruption(interrupted):
    """A loss that is worse by less than min_delta is no improvement, even afterwards."""
    plateau = PLATEAU | {"monitor": "loss", "patience": 2}
    network, kept = make_network(), Kept()
    network.compile(optimizer="adam")
    for epoch, loss in enumerate([1.0, 1.00005, 1.00006]):
        if epoch == 0 or interrupted:
            schedules = make_schedules(reduce_lr=plateau)
            saving = SaveState(kept, [], EpochRecord(network), schedules)
            for callback in (*schedules, saving):
                callback.set_model(network)
            if epoch:
                saving.restore(kept.state)
            for callback in (*schedules, saving):
                callback.on_train_begin()
        for callback in (*schedules, saving):
            callback.on_epoch_end(epoch, {"loss": loss})
    assert float(network.optimizer.learning_rate) == pytest.approx(1e-4)
