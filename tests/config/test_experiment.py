import copy
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cifar_kedro.config import Experiment, Network, Optimizer, RunSettings, Training
from tests.helpers.experiments import (
    NETWORK,
    TRAINING,
    load_parameters,
    make_experiment,
)

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
    with pytest.raises(
        ValidationError, match=f"received {patience}, expected more than"
    ):
        make_experiment(training=training)


def test_unreachable_reduction_is_refused_where_the_report_does_not_have_it():
    block = copy.deepcopy(EXPERIMENTS["exp9"])
    block["training"]["early_stopping"]["val_loss"] = 20
    with pytest.raises(ValidationError, match="received 20, expected more than"):
        Experiment.model_validate(block)


@pytest.mark.parametrize("stop", [{"val_loss": 6}, {"val_accuracy": 1}])
def test_reachable_reduction_is_accepted(stop):
    make_experiment(training={"early_stopping": stop, "reduce_lr": PLATEAU})


REFUSED = [
    (
        "network",
        {"dropuot": 0.5},
        r"unknown key 'dropuot' \(did you mean 'dropout'\?\)",
    ),
    ("network", {"dropout": 1.0}, "network.dropout\n.*less than 1"),
    (
        "network",
        {"dropout": "0.5"},
        "network.dropout\n.*valid number.*input_value='0.5'",
    ),
    ("network", {"l2": -0.1}, "network.l2\n.*greater than or equal to 0"),
    ("network", {"blocks": []}, "network.blocks\n.*at least 1 item"),
    (
        "network",
        {"blocks": [{"filters": [0]}]},
        "blocks.0.filters.0\n.*greater than or",
    ),
    ("training", {"epochs": "3"}, "training.epochs\n.*valid integer.*input_value='3'"),
    ("training", {"epochs": 0}, "training.epochs\n.*greater than or equal to 1"),
    ("training", {"batch_size": 1.5}, "training.batch_size\n.*valid integer"),
    ("training", {"epochs": True}, "training.epochs\n.*valid integer"),
    (
        "training",
        {"optimizer": {"name": "adamw", "learning_rate": 0.1}},
        "training.optimizer.name\n.*'adam', 'sgd' or 'muon'.*input_value='adamw'",
    ),
    (
        "training",
        {"optimizer": {"name": "adam", "learning_rate": float("nan")}},
        "training.optimizer.learning_rate\n.*greater than 0|finite",
    ),
    (
        "training",
        {"optimizer": {"name": "adam", "learning_rate": 0.1, "momentum": 0.9}},
        "momentum: received 0.9 for 'adam', expected null",
    ),
    (
        "training",
        {"early_stopping": {"val_acc": 5}},
        r"unknown key 'val_acc' \(did you mean 'val_accuracy'\?\); allowed: loss",
    ),
    (
        "training",
        {"reduce_lr": PLATEAU | {"min_lr": 0.001}},
        "reduce_lr.min_lr: received 0.001, expected less than",
    ),
    (
        "augmentation",
        {"rotation": 20.0},
        "unknown key 'rotation' .*allowed: horizontal",
    ),
    ("augmentation", {"shear_range": 90.0}, "augmentation.shear_range\n.*less than 90"),
    ("reported", {"test_accuracy": 60.58, "training_seconds": 1.0}, "equal to 1 "),
    ("colour", "red", "unknown key 'colour'; allowed: name, title"),
]


@pytest.mark.parametrize(("section", "change", "message"), REFUSED)
def test_refusals_name_key_received_and_allowed(section, change, message):
    with pytest.raises(ValidationError, match=message):
        make_experiment(**{section: change})


BACKBONE = {
    "name": "vgg16",
    "up_to": "block3_pool",
    "trainable_from": "block3_conv1",
    "weights": None,
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "resnet"}, "name\n.*'vgg16'"),
        (
            {"up_to": "block9_pool"},
            "up_to: received 'block9_pool', expected one of block1",
        ),
        ({"trainable_from": "block4_conv1"}, "which lies after up_to 'block3_pool'"),
    ],
)
def test_backbone_refusals(change, message):
    with pytest.raises(ValidationError, match=message):
        make_experiment(network={"backbone": BACKBONE | change})


def test_architecture_only_is_without_augmentation_and_transfer():
    assert make_experiment().architecture_only
    assert not make_experiment(augmentation={"horizontal_flip": True}).architecture_only
    assert not make_experiment(network={"backbone": BACKBONE}).architecture_only


SECTIONS = {
    (): Experiment,
    ("network",): Network,
    ("training",): Training,
    ("training", "optimizer"): Optimizer,
}


@given(place=st.sampled_from(list(SECTIONS)), data=st.data())
def test_any_unknown_key_anywhere_is_refused_by_name(place, data):
    known = SECTIONS[place].model_fields
    key = data.draw(st.text(min_size=1).filter(lambda text: text not in known))
    block = {"name": "tiny", "title": "Tiny", "network": NETWORK, "training": TRAINING}
    block = section = copy.deepcopy(block)
    for step in place:
        section = section[step]
    section[key] = 1
    with pytest.raises(ValidationError) as raised:
        Experiment.model_validate(block)
    assert f"unknown key '{key}'" in raised.value.errors()[0]["msg"]


CLASSIFY = {"experiment": "exp0", "weights": "best", "images": "folder"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sead": 1}, r"unknown key 'sead' \(did you mean 'seed'\?\)"),
        ({"seed": -1}, "seed\n.*greater than or equal to 0"),
        ({"seed": "one"}, "seed\n.*valid integer"),
        ({"validation_images": 0}, "validation_images\n.*greater than or equal to 1"),
        ({"max_epochs": 0}, "max_epochs\n.*greater than or equal to 1"),
        ({"classify": CLASSIFY | {"weights": "bset"}}, "weights\n.*'end' or 'best'"),
        ({"classify": CLASSIFY | {"images": ""}}, "images\n.*at least 1 character"),
        ({"classify": CLASSIFY | {"image": "x"}}, r"\(did you mean 'images'\?\)"),
    ],
)
def test_run_settings_refusals(change, message):
    settings = {"seed": 0, "validation_images": 10, "classify": CLASSIFY}
    RunSettings.model_validate(settings)
    with pytest.raises(ValidationError, match=message):
        RunSettings.model_validate(settings | change)
