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
