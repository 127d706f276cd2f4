"""The environments that the project ships: the sample, the ablation, the tuning."""

import csv

import pytest

from cifar_kedro.config import Experiment
from cifar_kedro.config.differences import find_differences
from cifar_kedro.config.inheritance import is_experiment
from tests.helpers.experiments import load_parameters
from tests.helpers.paths import ROOT


def test_the_sample_is_offline_and_short():
    parameters = load_parameters("sample")
    assert parameters["exp12"]["network"]["backbone"]["weights"] is None
    assert parameters["max_epochs"] == 2
    blocks = [block for block in parameters.values() if is_experiment(block)]
    assert {block["training"]["batch_size"] for block in blocks} == {64}


def test_the_ablation_takes_one_part_at_a_time_from_exp13():
    blocks = {
        name: Experiment.model_validate(block)
        for name, block in load_parameters("ablation").items()
        if is_experiment(block)
    }
    names = {"name", "title", "builds_on"}
    short = blocks["short"].model_dump(exclude=names)
    others = [block for block in blocks.values() if block.builds_on == "short"]
    assert len(others) == 15
    for block in others:
        changes = find_differences(short, block.model_dump(exclude=names))
        parts = {".".join(key.split(".")[:2]) for key in changes}
        if block.name == "no_shifts":
            names_of_shifts = {"width_shift_range", "height_shift_range"}
            assert parts == {f"augmentation.{name}" for name in names_of_shifts}
        else:
            assert len(parts) == 1, block.name


@pytest.mark.parametrize("env", ["ablation", "tuning"])
def test_every_row_of_the_results_is_a_block_of_its_environment(env):
    with (ROOT / f"docs/results/{env}.csv").open() as file:
        rows = list(csv.DictReader(file))
    blocks = load_parameters(env)
    names = {name for name, block in blocks.items() if is_experiment(block)}
    shown = {row["block"] for row in rows}
    assert shown <= names
    assert env == "ablation" or names - set(load_parameters()) == shown
    for row in rows:
        experiment = Experiment.model_validate(blocks[row["block"]])
        assert experiment.training.epochs == int(row["epochs"])
        assert experiment.training.validation_images is None  # all of them measure
    assert env == "tuning" or rows[0]["block"] == "short"
