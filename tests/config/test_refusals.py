"""What the models refuse: each row is a change of valid settings, as YAML has it."""

import copy

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cifar_kedro.config import Experiment, Network, Optimizer, RunSettings, Training
from tests.helpers.experiments import NETWORK, TRAINING, make_experiment

BACKBONE = "up_to: block3_pool, trainable_from: block3_conv1, weights: null"
PLATEAU = "monitor: val_loss, factor: 0.1, patience: 5"
MUON = "name: muon, learning_rate: 0.2"


def refuse(change, message):
    """Check a refusal, of a change in braces or of a line `section: value`."""
    with pytest.raises(ValidationError, match=message):
        make_experiment(**yaml.safe_load(change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("colour: red", "unknown key 'colour'; allowed: name, title"),
        ("network: {dropuot: 0.5}", r"'dropuot' \(did you mean 'dropout'\?\)"),
        ("network: {dropout: 1.0}", "network.dropout\n.*less than 1"),
        ("network: {dropout: '0.5'}", "dropout\n.*valid number.*input_value='0.5'"),
        ("network: {l2: -0.1}", "network.l2\n.*greater than or equal to 0"),
        ("network: {activation: gelu_new}", "network.activation\n"),
        ("network: {batch_norm: {momentum: 1.0}}", "momentum\n.*less than 1"),
        ("network: {batch_norm: before}", "network.batch_norm"),
        ("network: {blocks: []}", "network.blocks\n.*at least 1 item"),
        ("network: {blocks: [{filters: [0]}]}", "blocks.0.filters.0\n.*greater than"),
        ("network: {blocks: [{filters: [2], pool: last}]}", "blocks.0.pool"),
        ("network: {whitening: {size: 6, epsilon: 0.1}}", "size\n.*equal to 5"),
        ("network: {whitening: {size: 2, epsilon: 0.0}}", "epsilon\n.*greater than 0"),
        (
            f"network: {{backbone: {{{BACKBONE}, name: resnet}}}}",
            "backbone.name\n.*'vgg16'",
        ),
        (
            f"network: {{backbone: {{name: vgg16, {BACKBONE}, up_to: block9_pool}}}}",
            "up_to: received 'block9_pool', expected one of block1",
        ),
        (
            f"network: {{backbone: {{name: vgg16, {BACKBONE}, "
            "trainable_from: block4_conv1}}",
            "which lies after up_to 'block3_pool'",
        ),
        (
            f"network: {{backbone: {{name: vgg16, {BACKBONE}}}, "
            "whitening: {size: 2, epsilon: 0.1}}",
            "beside a backbone, expected null",
        ),
        ("training: {epochs: '3'}", "epochs\n.*valid integer.*input_value='3'"),
        ("training: {epochs: 0}", "training.epochs\n.*greater than or equal to 1"),
        ("training: {epochs: true}", "training.epochs\n.*valid integer"),
        ("training: {batch_size: 1.5}", "training.batch_size\n.*valid integer"),
        ("training: {validation_images: 0}", "validation_images\n.*greater than"),
        ("training: {label_smoothing: 1.0}", "label_smoothing\n.*less than 1"),
        ("training: {label_smoothing: -0.1}", "label_smoothing\n.*greater than"),
        ("training: {schedule: cosine}", "training.schedule\n.*'linear'"),
        (
            "training: {optimizer: {name: adamw, learning_rate: 0.1}}",
            "optimizer.name\n.*'adam', 'sgd' or 'muon'.*input_value='adamw'",
        ),
        (
            "training: {optimizer: {name: adam, learning_rate: .nan}}",
            "optimizer.learning_rate\n.*greater than 0|finite",
        ),
        (
            "training: {optimizer: {name: adam, learning_rate: 0.1, momentum: 0.9}}",
            "momentum: received 0.9 for 'adam', expected null",
        ),
        (
            f"training: {{optimizer: {{{MUON}}}}}",
            "received None for 'muon', expected a rate",
        ),
        (
            "training: {optimizer: {name: sgd, learning_rate: 0.2, "
            "other_learning_rate: 0.01}}",
            "received 0.01 for 'sgd', expected .*null",
        ),
        (
            f"training: {{optimizer: {{{MUON}, ema_momentum: 0.0}}}}",
            "ema_momentum\n.*greater than 0",
        ),
        (
            f"training: {{optimizer: {{{MUON}, ema_momentum: 1.0}}}}",
            "ema_momentum\n.*less than 1",
        ),
        (
            "training: {early_stopping: {val_acc: 5}}",
            r"'val_acc' \(did you mean 'val_accuracy'\?\); allowed: loss",
        ),
        (
            f"training: {{reduce_lr: {{{PLATEAU}, min_lr: 0.001}}}}",
            "reduce_lr.min_lr: received 0.001, expected less than",
        ),
        (
            f"training: {{schedule: linear, reduce_lr: {{{PLATEAU}, min_lr: 1.0e-5}}}}",
            "both set the learning rate",
        ),
        ("augmentation: {rotation: 20.0}", "'rotation' .*allowed: horizontal"),
        ("augmentation: {shear_range: 90.0}", "shear_range\n.*less than 90"),
        ("reported: {test_accuracy: 60.58, training_seconds: 1.0}", "equal to 1 "),
    ],
)
def test_refusals_name_key_received_and_allowed(change, message):
    refuse(change, message)


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
