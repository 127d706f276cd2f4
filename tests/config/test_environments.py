"""The environments that the project ships."""

import csv

import pytest
from kedro.io import AbstractDataset

from cifar_kedro.config import Experiment
from cifar_kedro.config.differences import find_differences
from cifar_kedro.config.inheritance import is_experiment
from cifar_kedro.config.loader import ExperimentConfigLoader
from cifar_kedro.datasets import CifarArchiveDataset, LabelledFolderDataset
from cifar_kedro.settings import CONFIG_LOADER_ARGS
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


def load_environment(name):
    return ExperimentConfigLoader(ROOT / "conf", env=name, **CONFIG_LOADER_ARGS)


@pytest.mark.parametrize("name", ["ablation", "cifar100", "folder", "sample", "tuning"])
def test_what_an_environment_writes_never_mixes_with_what_another_one_writes(name):
    loader = load_environment(name)
    assert loader["globals"]["data"] == f"data/{name}"
    tracking = loader["mlflow"]["tracking"]["experiment"]
    assert tracking["name"] == f"cifar_kedro-{name}"


def make_raw_dataset(name):
    entry = load_environment(name)["catalog"]["raw_images"]
    del entry["validator"]  # the catalog takes it
    return AbstractDataset.from_config("raw_images", entry)


def test_cifar100_is_the_official_archive_beside_that_of_cifar10():
    dataset = make_raw_dataset("cifar100")
    assert isinstance(dataset, CifarArchiveDataset)
    described = dataset._describe()
    assert described["filepath"] == "data/cifar100/01_raw/cifar-100-binary.tar.gz"
    assert described["known_hash"] == "md5:03b5dce01913d631647c71ecec9e9cb8"
    ten = load_environment("sample")["globals"]["archive"]["url"]
    assert described["url"] == [ten.replace("cifar-10", "cifar-100")]


def test_the_template_of_a_folder_is_one_that_can_be_read():
    dataset = make_raw_dataset("folder")
    assert isinstance(dataset, LabelledFolderDataset)
    assert dataset._describe() == {
        "path": "data/photographs",
        "image_shape": (32, 32, 3),
        "test_share": 0.2,
        "cache": "data/folder/02_intermediate/photographs.npz",
    }
    parameters = load_parameters("folder")
    batches = {
        b["training"]["batch_size"] for b in parameters.values() if is_experiment(b)
    }
    assert batches == {32}
    kept = parameters["exp13"]["training"]["validation_images"]
    assert kept is None
