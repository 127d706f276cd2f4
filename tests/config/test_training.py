import pytest
from pydantic import ValidationError

from tests.helpers.experiments import make_experiment

MUON = {"name": "muon", "learning_rate": 0.2, "other_learning_rate": 0.01}


def make(**training):
    return make_experiment(training=training).training


def test_muon_names_the_rate_of_what_it_does_not_move():
    assert make(optimizer=MUON).optimizer.other_learning_rate == 0.01
    with pytest.raises(ValidationError, match="received None for 'muon', expected a r"):
        make(optimizer=MUON | {"other_learning_rate": None})
    with pytest.raises(
        ValidationError, match=r"received 0.01 for 'sgd', expected .*null"
    ):
        make(optimizer=MUON | {"name": "sgd"})


def test_a_schedule_and_a_plateau_do_not_go_together():
    plateau = {"monitor": "loss", "factor": 0.1, "patience": 3, "min_lr": 1e-5}
    assert make(schedule="linear").schedule == "linear"
    with pytest.raises(ValidationError, match="both set the learning rate"):
        make(schedule="linear", reduce_lr=plateau)


@pytest.mark.parametrize(
    "training",
    [
        {"schedule": "cosine"},
        {"label_smoothing": 1.0},
        {"label_smoothing": -0.1},
        {"validation_images": 0},
        {"optimizer": MUON | {"ema_momentum": 0.0}},
        {"optimizer": MUON | {"ema_momentum": 1.0}},
    ],
)
def test_what_is_out_of_range_is_refused(training):
    with pytest.raises(ValidationError):
        make(**training)
