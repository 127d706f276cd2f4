import copy
import logging

import pytest
from pydantic import ValidationError

from cifar_kedro.config import BatchNormalization, Experiment
from tests.helpers.experiments import load_parameters, make_experiment

EXPERIMENTS = {k: v for k, v in load_parameters().items() if k.startswith("exp")}
PLATEAU = {"monitor": "val_loss", "factor": 0.1, "patience": 5, "min_lr": 1e-5}


def test_the_fourteen_experiments_of_the_report_come_first():
    names = [*(f"exp{i}" for i in range(8)), "exp8a", "exp8b"]
    names += [f"exp{i}" for i in range(9, 13)]
    assert list(EXPERIMENTS)[:14] == names
    assert [n for n in EXPERIMENTS if "reported" in EXPERIMENTS[n]] == names


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_of_the_report_is_valid(name):
    assert Experiment.model_validate(EXPERIMENTS[name]).name == name


# early stopping, (monitor, patience, min_lr) of the plateau, epochs, as printed
CALLBACKS = {
    "exp0": ({"val_loss": 5, "val_accuracy": 5}, None, 500),
    "exp1": ({"loss": 10}, None, 100),
    "exp2": ({"accuracy": 5}, ("loss", 3, 1e-4), 200),
    "exp3": ({"accuracy": 5}, ("loss", 3, 1e-4), 200),
    "exp4": ({"val_loss": 5, "val_accuracy": 5}, ("val_loss", 5, 1e-4), 300),
    "exp5": ({"val_loss": 10, "val_accuracy": 10}, ("val_loss", 5, 1e-5), 300),
    "exp6": ({"val_loss": 10, "val_accuracy": 50}, ("val_loss", 5, 1e-5), 300),
    "exp7": ({"val_loss": 10, "val_accuracy": 50}, ("val_loss", 5, 1e-5), 200),
    "exp8a": ({"val_loss": 10, "val_accuracy": 10}, ("val_loss", 5, 1e-5), 150),
    "exp8b": ({"val_loss": 15, "val_accuracy": 15}, ("val_loss", 5, 1e-5), 200),
    "exp9": ({"val_loss": 30, "val_accuracy": 30}, ("val_loss", 20, 1e-5), 200),
    "exp10": ({"val_loss": 30, "val_accuracy": 30}, ("val_loss", 20, 1e-5), 200),
    "exp11": ({"val_loss": 30, "val_accuracy": 30}, ("val_loss", 20, 1e-5), 200),
    "exp12": ({"val_loss": 30, "val_accuracy": 30}, ("val_loss", 20, 1e-5), 200),
}


@pytest.mark.parametrize("name", CALLBACKS)
def test_callbacks_are_the_reports(name):
    training = Experiment.model_validate(EXPERIMENTS[name]).training
    plateau = training.reduce_lr
    assert (
        training.early_stopping.model_dump(exclude_none=True),
        plateau and (plateau.monitor, plateau.patience, plateau.min_lr),
        training.epochs,
    ) == CALLBACKS[name]
    assert plateau is None or plateau.factor == 0.1
    assert training.batch_size == 512


def test_optimizers_are_the_reports():
    optimizers = {
        name: tuple(block["training"]["optimizer"].values())
        for name, block in EXPERIMENTS.items()
        if "reported" in block
    }
    sgd, fast = {"exp6", "exp7"}, {"exp9", "exp10", "exp11", "exp12"}
    for name, optimizer in optimizers.items():
        expected = ("adam", 0.01 if name in fast else 0.001)
        assert optimizer == (("sgd", 0.01, 0.9) if name in sgd else expected), name


def test_augmentations_are_the_reports():
    strong = (True, 40.0, 0.1, 0.1, 0.2, False, 0)
    mild = (True, 20.0, 0.1, 0.1, 0.0, False, 0)
    expected = {"exp7": strong} | dict.fromkeys(
        ("exp8b", "exp9", "exp11", "exp12"), mild
    )
    for name, block in EXPERIMENTS.items():
        experiment = Experiment.model_validate(block)
        if not experiment.reported:
            continue
        augmentation = experiment.augmentation
        values = augmentation and tuple(augmentation.model_dump().values())
        assert values == expected.get(name), name
        assert experiment.training.drop_remainder == (name in expected), name


def test_only_experiment_4_cannot_reach_its_reduction_and_is_warned_of(caplog):
    for block in EXPERIMENTS.values():
        Experiment.model_validate(block)
    assert [record.args[0] for record in caplog.records] == ["exp4"]
    assert caplog.records[0].levelno == logging.WARNING


@pytest.mark.parametrize("patience", [1, 5])
def test_unreachable_reduction_is_refused(patience):
    training = {"early_stopping": {"val_loss": patience}, "reduce_lr": PLATEAU}
    message = f"received {patience}, expected more than"
    with pytest.raises(ValidationError, match=message):
        make_experiment(training=training)


def test_unreachable_reduction_is_refused_where_the_report_does_not_have_it():
    block = copy.deepcopy(EXPERIMENTS["exp9"])
    block["training"]["early_stopping"]["val_loss"] = 20
    with pytest.raises(ValidationError, match="received 20, expected more than"):
        Experiment.model_validate(block)


@pytest.mark.parametrize("stop", [{"val_loss": 6}, {"val_accuracy": 1}])
def test_reachable_reduction_is_accepted(stop):
    make_experiment(training={"early_stopping": stop, "reduce_lr": PLATEAU})


def make_network(**network):
    return make_experiment(network=network).network


def test_normalization_in_full():
    assert make_network().normalization is None
    assert make_network(batch_norm=True).normalization == BatchNormalization()
    settings = {"before_activation": True}
    normalization = BatchNormalization(**settings)
    assert make_network(batch_norm=settings).normalization == normalization


def test_architecture_only_is_without_augmentation_and_transfer():
    assert make_experiment().architecture_only
    for name in ("exp7", "exp12"):
        assert not Experiment.model_validate(EXPERIMENTS[name]).architecture_only
    plain = EXPERIMENTS["exp12"] | {"augmentation": None}
    assert not Experiment.model_validate(plain).architecture_only
