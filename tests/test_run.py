"""Whole runs on the generated sample, through a Kedro session."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DatasetError

from cifar_kedro.config import Experiment
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.datasets import DigitsDataset
from cifar_kedro.datasets.identical_images import COUNTS
from cifar_kedro.models.network import build_network
from tests.helpers.experiments import load_parameters
from tests.helpers.project import (
    REPORT,
    REPORT_FIGURES,
    files,
    read_statuses,
    results,
    run,
)
from tests.helpers.runs import BLOCKS


def test_an_experiment_runs_from_nothing_to_its_figures(project):
    run(project, "exp0", "reporting")
    inputs = {
        f"05_model_input/{name}"
        for name in (
            *("development.npz", "test.npz"),
            *("seed-0/split.npz", "seed-0/identical_images.json"),
        )
    }
    written = files(project)
    figures = {name for name in written if "report_figures" in name}
    assert {name.split("/")[-1] for name in figures} == REPORT_FIGURES
    assert written - figures == {
        *inputs,
        *results("exp0"),
        *(f"08_reporting/{name}" for name in REPORT),
    }
    predictions = np.load(
        project / "data/sample/07_model_output/exp0/seed-0/predictions.npz"
    )
    np.testing.assert_allclose(predictions["end"].sum(axis=1), 1.0, atol=1e-5)
    assert predictions["best"].shape == (500, 10)
    table = pd.read_csv(project / "data/sample/08_reporting/summary.csv")
    metrics = json.loads(
        (project / "data/sample/07_model_output/exp0/seed-0/metrics.json").read_text()
    )
    assert table["experiment"].tolist() == ["exp0"]
    assert table["test_accuracy_end"][0] == metrics["weights"]["end"]["test_accuracy"]
    assert table["status"].tolist() == ["cut short: 1 of up to 500 epochs"]
    provenance = project / "data/sample/06_models/exp0/seed-0/provenance.json"
    counts = json.loads(provenance.read_text())["identical_images"]
    assert counts == dict.fromkeys(COUNTS, 0)
    assert json.loads(provenance.read_text()).items() < metrics["provenance"].items()
    assert not list((project / "data").glob("0*"))


def test_one_seed_never_overwrites_another(project):
    run(project, "exp0")
    before = {
        name: (project / "data/sample" / name).read_bytes() for name in results("exp0")
    }
    run(project, "exp0", "reporting", params={"seed": 3})
    assert results("exp0", seed=3) < files(project)
    for name, content in before.items():
        assert (project / "data/sample" / name).read_bytes() == content
    table = pd.read_csv(project / "data/sample/08_reporting/summary.csv")
    assert table["seed"].tolist() == [0, 3]


def test_same_seed_same_results(project):
    outputs = []
    for _ in range(2):
        run(project, "exp0")
        folder = project / "data/sample/07_model_output/exp0/seed-0"
        history = pd.read_csv(folder / "history.csv").drop(columns="seconds")
        outputs.append((history.to_csv(), (folder / "predictions.npz").read_bytes()))
    assert outputs[0] == outputs[1]


def test_an_appended_block_is_an_experiment(project):
    path = project / "conf/base/parameters_experiments.yml"
    block = {
        "title": "Mine",
        "builds_on": "exp0",
        "network": {"batch_norm": True},
        "augmentation": {"horizontal_flip": True},
    }
    path.write_text(path.read_text() + "\n" + yaml.safe_dump({"mine": block}))
    run(project, "mine", "reporting")
    assert results("mine") < files(project)
    assert "08_reporting/mine/seed-0/augmented_images.png" in files(project)
    row = pd.read_csv(project / "data/sample/08_reporting/summary.csv").iloc[0]
    assert (row["experiment"], row["title"]) == ("mine", "Mine")
    assert pd.isna(row["reported_test_accuracy"])
    page = (project / "data/sample/08_reporting/report.html").read_text("utf-8")
    assert "mine: Mine" in page
    assert page.count("data:image/png;base64,") >= 2  # mistakes, augmented images


def test_only_missing_outputs_runs_what_is_missing(project):
    run(project, "exp0")
    model = project / "data/sample/06_models/exp0/seed-0/model.keras"
    metrics = project / "data/sample/07_model_output/exp0/seed-0/metrics.json"
    trained = model.stat().st_mtime_ns
    metrics.unlink()
    run(project, "exp0", only_missing_outputs=True)
    assert metrics.exists()
    assert model.stat().st_mtime_ns == trained


def test_runs_by_namespace_tag_and_node(project):
    folder = project / "data/sample/05_model_input/seed-0"
    folder.mkdir(parents=True)
    old = {name: folder / f"{name}.npz" for name in ("train", "validation")}
    for file in old.values():  # of an earlier version: of no use, and in nobody's way
        file.write_bytes(b"old")
    (folder / "identical_images.json").write_text('{"split": "old", "counts": {}}')
    with pytest.raises(
        DatasetError, match=r"no split was made for .* data_engineering"
    ):
        run(project, "exp0", namespaces=["exp0"])
    run(project, "data_engineering")
    run(project, "exp0", namespaces=["exp0"])
    assert all(file.read_bytes() == b"old" for file in old.values())
    assert results("exp0") < files(project)
    figure = project / "data/sample/08_reporting/exp0/seed-0/learning_curves.png"
    metrics = project / "data/sample/07_model_output/exp0/seed-0/metrics.json"
    figure.unlink()
    metrics.unlink()
    run(project, "exp0", tags=["reporting"])
    assert figure.exists() and not metrics.exists()
    run(project, "exp0", node_names=["exp0.evaluate_model_node"])
    assert metrics.exists()


@pytest.mark.parametrize("content", [b"", b"garbage"])
@pytest.mark.parametrize("name", ["model", "best_model"])
def test_a_damaged_model_is_named(project, content, name):
    folder = project / "data/sample/06_models/exp0/seed-0"
    run(project, "exp0")
    (folder / f"{name}.keras").write_bytes(content)
    with pytest.raises(
        DatasetError, match=rf"seed-0/{name}.keras can't be loaded: .*damaged, not a"
    ):
        run(project, "exp0", node_names=["exp0.evaluate_model_node"])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"exp0": {"training": {"epochs": "many"}}},
            r"^exp0\.training\.epochs: received 'many', expected a whole number$",
        ),
        (
            {"exp0": {"trainnig": {"epochs": 1}}},
            r"unknown key 'trainnig' \(did you mean",
        ),
        ({"exp99": {"network": {"l2": 0.1}}}, "parameter 'exp99': received"),
        (
            {"validation_images": "all"},
            "^validation_images: received 'all', expected a whole number$",
        ),
        (
            {"validation_images": 1297},
            "received 1297 of 1297 images, expected 10 to 1287",
        ),
        (
            {"exp0": {"builds_on": "exp7b"}},
            "exp0.builds_on: received 'exp7b', expected",
        ),
    ],
)
def test_bad_parameters_are_refused_and_nothing_is_trained(project, params, message):
    with pytest.raises(SettingsError, match=message):
        run(project, "exp0", params=params)
    assert not files(project, "06_models") | files(project, "07_model_output")


def test_unknown_experiment_is_refused_with_a_suggestion(project):
    with pytest.raises(
        ValueError, match=r"(?s)pipeline named 'exp88'.*Did you mean.*exp8"
    ):
        run(project, "exp88")


def test_a_report_of_nothing_says_what_to_run_first(project):
    with pytest.raises(ValueError, match=r"Nothing has run yet: .*--pipelines exp0"):
        run(project, "reporting")
    assert not files(project)


def test_every_network_of_the_sample_is_built_offline():
    parameters = load_parameters("sample")
    for name in BLOCKS:
        build_network(Experiment.model_validate(parameters[name]).network)


def test_results_from_elsewhere_are_reported_on_without_the_test_images(project):
    run(project, "exp0")
    shutil.rmtree(project / "data/sample/05_model_input")
    run(project, "reporting")
    figures = {path.split("/")[-1] for path in files(project) if "_figures/" in path}
    assert figures == REPORT_FIGURES - {"exp0-mistakes.svg"}
    assert not files(project, "05_model_input")


def test_the_summary_tells_results_of_another_configuration(project):
    run(project, "exp0", params={"validation_images": 400})
    run(project, "reporting")
    assert read_statuses(project) == {"exp0": "stale: validation_images"}
    blocks = project / "conf/base/parameters_experiments.yml"
    blocks.write_text("other: {title: Other, network: {}, training: {}}\n")
    (project / "conf/sample/parameters_experiments.yml").unlink()
    with KedroSession.create(project_path=project, env="sample") as session:
        session.run(pipeline_names=["reporting"])
    assert read_statuses(project) == {"exp0": "stale: not configured"}


def test_a_test_set_that_is_the_training_set_is_refused_before_anything_is_written(
    project, monkeypatch
):
    digits = DigitsDataset().load()
    train = digits["train"]
    digits["test"] = {key: array[:100] for key, array in train.items()}
    monkeypatch.setattr(DigitsDataset, "load", lambda _: digits)
    with pytest.raises(
        ValueError, match="received 100 of 100 that are also training images"
    ):
        run(project, "exp0")
    assert not files(project)


def test_a_history_that_a_spreadsheet_saved_is_named_and_stops_no_report(project):
    run(project, "exp0")
    path = project / "data/sample/07_model_output/exp0/seed-0/history.csv"
    path.write_text(path.read_text().replace(",", ";").replace(".", ","))
    refusal = (
        r"seed-0/history\.csv is not what its run wrote: received the columns epoch;"
    )
    with pytest.raises(DatasetError, match=refusal):
        run(project, "exp0", tags=["reporting"])
    run(project, "reporting")
    page = (project / "data/sample/08_reporting/report.html").read_text()
    assert re.search(rf"<code>exp0/seed-0</code>: unreadable: .*{refusal}", page)


def test_unwritable_data_folder_is_named_and_nothing_is_written(project):
    (project / "data").mkdir()
    (project / "data/sample").write_text("a file where a folder is needed")
    with pytest.raises(
        DatasetError,
        match=r"Nothing can be written to .*data/sample/06_models/exp0/seed-0: Not a directory",
    ):
        run(project, "exp0")
    assert (project / "data/sample").read_text() == "a file where a folder is needed"


def test_no_archive_and_no_network_is_one_clear_error(project, monkeypatch):
    def refuse(*args, **kwargs):
        raise ConnectionError("no network")

    monkeypatch.setattr("requests.Session.get", refuse)
    bootstrap_project(project)
    with KedroSession.create(project_path=project) as session:
        with pytest.raises(
            DatasetError, match=r"(?s)cifar-10-binary.tar.gz.*--env sample"
        ):
            session.run(pipeline_names=["exp0"])
    assert not [path for path in (project / "data").rglob("*") if path.is_file()]
