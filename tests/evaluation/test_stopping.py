import pytest

from cifar_kedro.evaluation.stopping import epochs_without_improvement, find_stop
from tests.helpers.experiments import make_experiment
from tests.helpers.runs import make_history

ENDLESS = {"epochs": 500, "early_stopping": {"val_loss": 3, "val_accuracy": 5}}


def training(**changes):
    return make_experiment(training=ENDLESS | changes).training


def with_end(column, *values):
    history = make_history()
    history.loc[history.index[-len(values) :], column] = values
    return history


def test_a_metric_that_waited_as_long_as_its_patience_is_the_reason():
    history = with_end("val_loss", 0.5, 0.6, 0.5, 0.7)  # an equal value is none better
    assert find_stop(history, training()) == "val_loss no better for 3 epochs"
    history = with_end("val_accuracy", 0.9, 0.8, 0.8, 0.8, 0.8, 0.9)
    assert find_stop(history, training()) == "val_accuracy no better for 5 epochs"


def test_a_training_that_could_have_gone_on_was_cut_short():
    assert find_stop(with_end("val_loss", 0.5, 0.6, 0.7), training()) is None
    assert find_stop(make_history(), training(epochs=21)) is None


def test_the_number_of_epochs_is_a_reason():
    assert find_stop(make_history(), training(epochs=20)) == "all 20 epochs trained"


def test_metrics_that_are_not_watched_do_not_count():
    history = with_end("val_loss", 0.5, 0.6, 0.5, 0.7)
    assert find_stop(history, training(early_stopping={"loss": 3})) is None


@pytest.mark.parametrize("constant", [1.0, float("nan")])
def test_agrees_with_keras(constant):
    import keras

    history = with_end("val_loss", *[constant] * 20)
    stopper = keras.callbacks.EarlyStopping("val_loss", patience=4)
    stopper.set_model(keras.Model())
    stopper.on_train_begin()
    for epoch, row in enumerate(history.to_dict("records")):
        stopper.on_epoch_end(epoch, row)
        waited = epochs_without_improvement(history["val_loss"].iloc[: epoch + 1])
        if stopper.stopped_epoch:
            assert waited >= 4
            break
        assert waited < 4
    else:
        pytest.fail("Keras never stopped.")
