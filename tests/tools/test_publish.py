import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import publish
import published_runs
import pytest
import result_tables
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from kedro.io import DatasetError

from cifar_kedro.config import Execution
from cifar_kedro.evaluation.provenance import hash_images
from tests.helpers.runs import EXPERIMENTS

TEST = {
    "images": np.random.default_rng(0).random((20, 32, 32, 3), dtype=np.float32),
    "labels": np.arange(20, dtype=np.uint8) % 10,
}


def make_metrics(experiment, seed):
    gpus = ["a GPU"] if experiment == "exp13" else []
    return {
        "experiment": experiment,
        "seed": seed,
        "epochs": 4,
        "parameters": {"total": 263402},
        "training_seconds": 90.0,
        "weights": {"end": {"test_accuracy": 0.65}},
        "test_time_views": {"test_accuracy": 0.7} if experiment == "exp13" else None,
        "reported": None if experiment == "exp13" else {"test_accuracy": 0.6058},
        "provenance": {
            "test_sha256": hash_images(TEST),
            "hardware": {"processor": "a processor", "cores": 2, "accelerators": gpus},
            "backend": "jax" if gpus else "tensorflow",
            "code": {"commit": "0123456789ab", "version": "0.1.0"},
        },
    }


@pytest.fixture
def data(tmp_path):
    """What three runs leave: one of exp2 that is stale, one each of exp0 and exp13."""
    folder = tmp_path / "data"
    random = np.random.default_rng(1)
    for experiment in ("exp13", "exp0", "exp2"):
        run = folder / f"07_model_output/{experiment}/seed-3"
        run.mkdir(parents=True)
        (run / "metrics.json").write_text(json.dumps(make_metrics(experiment, 3)))
        (run / "history.csv").write_text("epoch,loss\n1,2.0\n")
        probabilities = random.dirichlet(np.ones(10), 20).astype(np.float32)
        np.savez(run / "predictions.npz", end=probabilities, labels=TEST["labels"])
    reporting = folder / "08_reporting"
    (reporting / "report_figures").mkdir(parents=True)
    (reporting / "comparison.png").write_bytes(b"a picture")
    for name in ("gains", "exp0-mistakes"):
        (reporting / f"report_figures/{name}.svg").write_text("<svg/>")
    status = ["complete", "complete", "stale: network.dropout"]
    summary = pd.DataFrame(
        {"experiment": ["exp13", "exp0", "exp2"], "seed": 3, "status": status}
    )
    for name in publish.TABLES:
        summary.to_csv(reporting / f"{name}.csv", index=False)
    (reporting / "summary_by_experiment.csv").write_text(
        "experiment,seeds,mean,sd,difference_points\n"
        "exp13,1,0.65,,\n"
        "exp0,1,0.65,,4.42\n"
    )
    (reporting / "report.md").write_text(
        "Text, see [report.html](report.html).\n\n![Gains](report_figures/gains.svg)\n\n*Gains*\n\n"
        "![Wrong](report_figures/exp0-mistakes.svg)\n\n*Wrong*\n\n"
        "![Sheet](exp9/seed-0/augmented_images.png)\n\n*Sheet.*\n\nEnd.\n"
    )
    (folder / "05_model_input").mkdir()
    np.savez(folder / "05_model_input/test.npz", **TEST)
    return folder


@pytest.fixture
def root(tmp_path, monkeypatch):
    few = {name: EXPERIMENTS[name] for name in ("exp0", "exp12", "exp13")}
    monkeypatch.setattr(publish, "load_experiments", lambda: few)
    folder = tmp_path / "checkout"
    (folder / "docs/results").mkdir(parents=True)
    (folder / "README.md").write_text(
        "# Project\n\n<!-- results -->\n<!-- end of results -->\n\nThe rest.\n"
    )
    (folder / "docs/results/README.md").write_text(
        "# Results\n\n<!-- experiments -->\nold\n<!-- end of experiments -->\n\n"
        "<!-- runs -->\nold\n<!-- end of runs -->\n\nThe rest.\n"
    )
    return folder


@pytest.fixture
def results(root):
    return root / "docs/results"


def test_only_complete_runs_are_published_and_nothing_of_the_data_set(
    data, root, results
):
    publish.publish(data, root)
    runs = sorted(str(p.relative_to(results)) for p in results.glob("runs/*/*/*"))
    assert runs == [
        f"runs/{experiment}/seed-3/{name}"
        for experiment in ("exp0", "exp13")
        for name in ("history.csv", "metrics.json", "predictions.npz")
    ]
    with np.load(results / "runs/exp0/seed-3/predictions.npz") as predictions:
        assert predictions.files == ["end"]
    assert [p.name for p in (results / "report_figures").iterdir()] == ["gains.svg"]
    assert (root / "docs/figures/results.png").read_bytes() == b"a picture"
    report = (results / "report.md").read_text()
    assert report == (
        "Text, see `report.html`.\n\n![Gains](report_figures/gains.svg)\n\n*Gains*\n\nEnd.\n"
    )


def test_published_again_the_page_has_a_row_for_each_experiment_and_run(
    data, root, results
):
    publish.publish(data, root)
    publish.publish(data, root)
    assert (results / "README.md").read_text() == (
        "# Results\n\n<!-- experiments -->\n"
        "| experiment | title | original report | ours | difference | sd | seeds | minutes | hardware |\n"
        "|---|---|---:|---:|---:|---:|---:|---:|---|\n"
        "| `exp0` | Base network | 60.58% | 65.00% | +4.42 ± 1.34 | \u2013 | 1 | 1.5 "
        "| 2 cores, a processor |\n"
        "| `exp12` | VGG16 transfer, data augmentation | 85.91% | not run | \u2013 | \u2013 | 0 | \u2013 "
        "| \u2013 |\n"
        "| `exp13` | Beyond the report | \u2013 | 65.00% (views 70.00%) | \u2013 | \u2013 | 1 | 1.5 "
        "| a GPU |\n"
        "<!-- end of experiments -->\n\n<!-- runs -->\n"
        "| command | epochs | test | original report | difference | minutes | hardware | code |\n"
        "|---|---:|---:|---:|---:|---:|---|---|\n"
        "| `kedro run --pipelines exp0 --params seed=3` | 4 | 65.00% | 60.58% | +4.42 "
        "| 1.5 | 2 cores, a processor | 0123456 |\n"
        "| `KERAS_BACKEND=jax kedro run --pipelines exp13 --params seed=3` | 4 | 65.00% (views "
        "70.00%) |  |  | 1.5 | a GPU | 0123456 |\n"
        "<!-- end of runs -->\n\nThe rest.\n"
    )


def test_the_readme_has_the_main_figures_of_each_experiment(data, root):
    publish.publish(data, root)
    publish.publish(data, root)
    assert (root / "README.md").read_text() == (
        "# Project\n\n<!-- results -->\n"
        "| experiment | title | parameters | original report | ours (seeds) | difference "
        "| training there | training here |\n"
        "|---|---|---:|---:|---:|---:|---:|---:|\n"
        "| `exp0` | Base network | 263,402 | 60.58% | 65.00% (1) | +4.42 ± 1.34 "
        "| 1 min | 1.5 min |\n"
        "| `exp12` | VGG16 transfer, data augmentation | \u2013 | 85.91% | not run | \u2013 "
        "| 79 min | \u2013 |\n"
        "| `exp13` | Beyond the report | 263,402 | \u2013 | 65.00% (views 70.00%) (1) | \u2013 "
        "| \u2013 | 1.5 min |\n"
        "<!-- end of results -->\n\nThe rest.\n"
    )


def test_a_page_without_the_place_of_its_table_is_named(tmp_path):
    page = tmp_path / "README.md"
    page.write_text("# Project\n\n<!-- results -->\nno end\n")
    with pytest.raises(
        ValueError, match=r"README.md: expected a line '<!-- results -->'"
    ):
        result_tables.insert_table(page, "results", "| table |")
    assert page.read_text().endswith("no end\n")


def test_an_experiment_is_the_mean_of_its_seeds_on_one_sample_of_images(tmp_path):
    hardware_of = ("exp0", "exp13", "exp13")
    for seed, views in enumerate((0.7, 0.8, 0.75)):
        metrics = make_metrics(hardware_of[seed], seed) | {
            "training_seconds": 60.0 * seed,
            "test_time_views": {"test_accuracy": views},
        }
        run = tmp_path / f"runs/exp0/seed-{seed}"
        run.mkdir(parents=True)
        (run / "metrics.json").write_text(json.dumps(metrics))
    (tmp_path / "summary_by_experiment.csv").write_text(
        "experiment,seeds,mean,sd,difference_points\nexp0,3,0.625,0.01234,1.92\n"
    )
    *_, row = result_tables.tabulate_experiments(
        {"exp0": EXPERIMENTS["exp0"]}, tmp_path, result_tables.PAGE_COLUMNS
    ).splitlines()
    error = 196 * (0.6058 * 0.3942 / 10_000 + 0.625 * 0.375 / 10_000) ** 0.5
    assert row == (
        "| `exp0` | Base network | 60.58% | 62.50% (views 75.00%) "
        f"| +1.92 ± {error:.2f} | 1.23 | 3 | 1.0 | 2 cores, a processor; a GPU |"
    )


def test_the_experiments_are_those_of_the_configuration():
    assert result_tables.load_experiments() == EXPERIMENTS


@pytest.mark.parametrize(
    ("execution", "settings"),
    [
        ({}, "seed=3"),
        (
            {"steps_per_execution": 79, "data_parallel": True},
            "seed=3,execution.steps_per_execution=79,execution.data_parallel=true",
        ),
        (
            {"steps_per_execution": "epoch"},
            "seed=3,execution.steps_per_execution=epoch",
        ),
    ],
)
def test_the_command_sets_what_was_set_for_the_run(
    data, root, results, execution, settings
):
    metrics = make_metrics("exp0", 3)
    metrics["provenance"]["execution"] = Execution(**execution).model_dump()
    path = data / "07_model_output/exp0/seed-3/metrics.json"
    path.write_text(json.dumps(metrics))
    (data / "08_reporting/summary.csv").touch()
    publish.publish(data, root)
    page = (results / "README.md").read_text()
    assert f"`kedro run --pipelines exp0 --params {settings}`" in page


def test_a_report_that_lacks_a_published_run_is_not_published(data, root, results):
    publish.publish(data, root)
    table = (results / "summary.csv").read_text()
    path = data / "08_reporting/summary.csv"
    path.write_text(path.read_text().replace("exp0,3,complete", "exp0,3,stale: seed"))
    with pytest.raises(ValueError, match=r"^exp0/seed-3: published before.*--restore"):
        publish.publish(data, root)
    assert (results / "summary.csv").read_text() == table


def test_a_run_that_ended_after_the_report_is_not_published_with_it(
    data, root, results
):
    summary = data / "08_reporting/summary.csv"
    for run, later in (("exp0", 1), ("exp2", 0), ("exp13", -1)):
        time = summary.stat().st_mtime_ns + 10**9 * later
        os.utime(data / f"07_model_output/{run}/seed-3/metrics.json", ns=(time, time))
    with pytest.raises(
        ValueError, match=r"^exp0/seed-3: metrics.json is newer .*--pipelines reporting"
    ):
        publish.publish(data, root)
    assert not (results / "runs").exists()


def test_a_restored_run_predicts_as_before(data, root, results, tmp_path):
    publish.publish(data, root)
    other = tmp_path / "other"
    (other / "05_model_input").mkdir(parents=True)
    np.savez(other / "05_model_input/test.npz", **TEST)
    published_runs.restore(other, results / "runs")
    run = "07_model_output/exp0/seed-3"
    for name in ("metrics.json", "history.csv"):
        assert (other / run / name).read_text() == (data / run / name).read_text()
    with (
        np.load(data / run / "predictions.npz") as before,
        np.load(other / run / "predictions.npz") as after,
    ):
        assert after.files == before.files and after["end"].dtype == np.float32
        np.testing.assert_array_equal(after["labels"], before["labels"])
        np.testing.assert_allclose(after["end"], before["end"], rtol=1e-3)


@pytest.mark.parametrize("missing", ["nothing", "metrics.json"])
def test_another_run_that_is_there_is_named_and_not_replaced(
    data, root, results, missing, capsys
):
    publish.publish(data, root)
    run = data / "07_model_output/exp0/seed-3"
    (run / "metrics.json").write_text(
        json.dumps(make_metrics("exp0", 3) | {"epochs": 5})
    )
    (run / "history.csv").write_text("epoch,loss\n1,1.9\n")
    (run / missing).unlink(missing_ok=True)
    before = {path: path.read_bytes() for path in run.iterdir()}
    published_runs.restore(data, results / "runs")
    assert {path: path.read_bytes() for path in run.iterdir()} == before
    assert capsys.readouterr().out == (
        f"{run} has another run than the published one. It is left as it is.\n"
    )


def test_a_run_that_is_there_keeps_its_own_probabilities(data, root, results, capsys):
    publish.publish(data, root)
    path = data / "07_model_output/exp0/seed-3/predictions.npz"
    before = path.read_bytes()
    published_runs.restore(data, results / "runs")
    assert path.read_bytes() == before
    assert capsys.readouterr().out == ""


def test_half_a_run_is_restored_and_half_a_file_is_not_left(
    data, root, results, monkeypatch
):
    publish.publish(data, root)
    path = data / "07_model_output/exp0/seed-3/predictions.npz"
    path.unlink()

    def write_half(file, **_):
        file.write(b"PK")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(np, "savez", write_half)
        published_runs.restore(data, results / "runs")
    assert not path.exists()
    published_runs.restore(data, results / "runs")
    with np.load(path) as predictions:
        assert predictions.files == ["end", "labels"]


def call(*arguments, cwd):
    """Run the script as the page says, and return its status and what it prints."""
    done = subprocess.run(
        [sys.executable, publish.__file__, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    return (
        done.returncode,
        done.stderr.splitlines()[-1:],
        done.stderr.count("Traceback"),
    )


def test_in_a_fresh_clone_the_command_that_comes_first_is_named(tmp_path):
    status, (line,), traces = call("--restore", cwd=tmp_path)
    assert (status, traces) == (1, 0)
    assert line.startswith("data/05_model_input/test.npz is missing, expected the test")
    assert "kedro run --pipelines data_engineering." in line
    status, (line,), traces = call(cwd=tmp_path)
    assert (status, traces) == (1, 0)
    assert line.startswith(
        "data/08_reporting/summary.csv is missing, expected the summary"
    )
    assert "kedro run --pipelines reporting" in line
    assert list(tmp_path.iterdir()) == []


def test_test_images_that_are_damaged_are_named(data, root, results):
    publish.publish(data, root)
    file = data / "05_model_input/test.npz"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(DatasetError, match=r"test\.npz is damaged"):
        published_runs.restore(data, results / "runs")


def test_a_run_on_other_images_is_not_restored(data, root, results):
    publish.publish(data, root)
    np.savez(
        data / "05_model_input/test.npz", **TEST | {"labels": TEST["labels"][::-1]}
    )
    with pytest.raises(ValueError, match=r"Use the archive of md5 .* from scratch"):
        published_runs.restore(data, results / "runs")


def test_the_folder_of_the_results_may_begin_at_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.delenv("NOPE", raising=False)
    assert publish.read_folder("~/cifar") == Path("/home/me/cifar")
    with pytest.raises(argparse.ArgumentTypeError, match="variable NOPE is not set"):
        publish.read_folder("$NOPE/cifar")


@settings(deadline=None)
@given(arrays.arrays(np.float32, (5, 10), elements=st.floats(0, 1, width=32)))
def test_shortened_probabilities_give_the_same_predictions(probabilities):
    short = publish.shorten(probabilities)
    assert short.dtype == np.float16
    np.testing.assert_array_equal(short.argmax(axis=1), probabilities.argmax(axis=1))
    np.testing.assert_allclose(short, probabilities, rtol=2e-3, atol=1e-7)
