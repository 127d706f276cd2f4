"""The environments that the project ships: the sample, the ablation, the tuning."""

import csv

from cifar_kedro.config import Experiment
from cifar_kedro.config.differences import find_differences
from cifar_kedro.config.inheritance import is_experiment
from tests.helpers.experiments import load_parameters
from tests.helpers.paths import ROOT


def test_the_sample_needs_no_weights_from_the_network():
    assert load_parameters("sample")["exp12"]["network"]["backbone"]["weights"] is None


def test_the_sample_shortens_every_experiment():
    parameters = load_parameters("sample")
    assert parameters["max_epochs"] == 2
    assert {
        b["training"]["batch_size"] for b in parameters.values() if is_experiment(b)
    } == {64}


def test_the_ablation_takes_one_part_at_a_time_from_exp13():
    blocks = {
        name: Experiment.model_validate(block)
        for name, block in load_parameters("ablation").items()
        if is_experiment(block)
    }
    short = blocks["short"].model_dump(exclude={"name", "title", "builds_on"})
    others = [block for block in blocks.values() if block.builds_on == "short"]
    assert len(others) == 15
    for block in others:
        changes = find_differences(
            short, block.model_dump(exclude={"name", "title", "builds_on"})
        )
        parts = {".".join(key.split(".")[:2]) for key in changes}
        if block.name == "no_shifts":
            assert parts == {
                "augmentation.width_shift_range",
                "augmentation.height_shift_range",
            }
        else:
            assert len(parts) == 1, block.name


def test_every_row_of_the_ablation_is_a_block_of_its_environment():
    with (ROOT / "docs/results/ablation.csv").open() as file:
        rows = list(csv.DictReader(file))
    blocks = load_parameters("ablation")
    assert rows[0]["block"] == "short"
    for row in rows:
        experiment = Experiment.model_validate(blocks[row["block"]])
        assert experiment.training.epochs == int(row["epochs"])
        assert experiment.training.validation_images is None  # all of them measure


def test_every_row_of_the_tuning_is_a_block_of_its_environment():
    with (ROOT / "docs/results/tuning.csv").open() as file:
        rows = list(csv.DictReader(file))
    blocks = load_parameters("tuning")
    names = {name for name, block in blocks.items() if is_experiment(block)}
    assert names - set(load_parameters()) == {row["block"] for row in rows}
    for row in rows:
        experiment = Experiment.model_validate(blocks[row["block"]])
        assert experiment.training.epochs == int(row["epochs"])
        assert experiment.training.validation_images is None  # all of them measure
