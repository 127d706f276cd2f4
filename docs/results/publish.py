"""Publish complete runs in docs/results, or bring published ones back.

    python docs/results/publish.py            # data/ -> docs/results/
    python docs/results/publish.py --restore  # docs/results/runs/ -> data/

Published is nothing of the data set: class probabilities go without the labels, which a
restored run gets back from the test images (of the same archive: their hash is compared),
and pictures of images stay away. Restored runs and new ones give one report.

`kedro run --pipelines data_engineering` makes the test images, and comes before --restore.
"""

import argparse
import json
import re
import shutil
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
from fsspec.implementations.local import LocalFileSystem
from kedro.io import DatasetError

from cifar_kedro.config import Execution, Experiment
from cifar_kedro.config.inheritance import is_experiment
from cifar_kedro.config.loader import ExperimentConfigLoader
from cifar_kedro.config.paths import expand_path
from cifar_kedro.datasets import NpzDataset
from cifar_kedro.datasets.atomic_write import replacing
from cifar_kedro.evaluation.comparisons import difference_error
from cifar_kedro.evaluation.provenance import hash_images, name_hardware
from cifar_kedro.settings import CONFIG_LOADER_ARGS

RESULTS = Path(__file__).resolve().parent
RUNS = RESULTS / "runs"
CONF = RESULTS.parents[1] / "conf"
TABLES = ("summary", "summary_by_experiment", "scores", "comparisons", "claims")
SHOW_IMAGES = ("mistakes", "augmented_images")
TEXTS = ("metrics.json", "history.csv")
PREDICTIONS = "predictions.npz"
NONE = "\N{EN DASH}"
# The official layout and images, in another order than the official archive's.
ARCHIVE = "the archive of md5 9267da7bf9154f6c74efc644efc70447 (docs/results/README.md)"


def publish(data: Path, results: Path = RESULTS) -> None:
    """Publish the complete runs, and the last report.

    Raises:
        ValueError: If there is no report, or if it is older than a run, or not of all runs
            that are published.
    """
    reporting = data / "08_reporting"
    check_report_is_last(data)
    summary = pd.read_csv(reporting / "summary.csv")
    complete = summary[summary["status"] == "complete"]
    runs = list(complete["experiment"] + "/seed-" + complete["seed"].astype(str))
    published = {
        path.parent.relative_to(results / "runs").as_posix()
        for path in results.glob("runs/*/*/metrics.json")
    }
    if missing := sorted(published.difference(runs)):
        raise ValueError(
            f"{', '.join(missing)}: published before, but not complete in {reporting}. "
            "Bring it back (--restore) and report again, or delete it in docs/results/runs "
            "if it is of settings that are no more"
        )
    for run in runs:
        publish_run(data / "07_model_output" / run, results / "runs" / run)
    for name in TABLES:
        shutil.copy(reporting / f"{name}.csv", results)
    figures = results / "report_figures"
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir()
    for figure in (reporting / "report_figures").glob("*.svg"):
        if not figure.stem.endswith(SHOW_IMAGES):
            shutil.copy(figure, figures)
    report = (reporting / "report.md").read_text(encoding="utf-8")
    # The page shows images, so it stays away, too.
    report = drop_images(report).replace("[report.html](report.html)", "`report.html`")
    (results / "report.md").write_text(report, encoding="utf-8")
    page = results / "README.md"
    text = page.read_text(encoding="utf-8")
    by_experiment = tabulate_experiments(load_experiments(), results)
    text = insert_table(text, "experiments", by_experiment)
    text = insert_table(text, "runs", tabulate_runs(results / "runs"))
    page.write_text(text, encoding="utf-8")


def check_report_is_last(data: Path) -> None:
    """Refuse a report that was made before a run ended, as it has nothing of its results.

    Raises:
        ValueError: If one was.
    """
    summary = data / "08_reporting/summary.csv"
    if not summary.exists():
        raise ValueError(
            f"{summary}: not there, expected the report on the runs to publish. Make it "
            "first (kedro run --pipelines reporting), in the checkout's root or with --data"
        )
    reported = summary.stat().st_mtime_ns
    runs = data / "07_model_output"
    later = sorted(
        path.parent.relative_to(runs).as_posix()
        for path in runs.glob("*/*/metrics.json")
        if path.stat().st_mtime_ns > reported
    )
    if later:
        raise ValueError(
            f"{', '.join(later)}: metrics.json is newer than {summary}, expected a report "
            "on all runs. Make it (kedro run --pipelines reporting), then publish"
        )


def publish_run(source: Path, target: Path) -> None:
    """Copy what evaluation persisted of a run; probabilities in 16 bits."""
    target.mkdir(parents=True, exist_ok=True)
    for name in TEXTS:
        shutil.copy(source / name, target)
    with np.load(source / PREDICTIONS) as predictions:
        probabilities = {
            weights: shorten(predictions[weights])
            for weights in predictions.files
            if weights != "labels"
        }
    np.savez_compressed(target / PREDICTIONS, **probabilities)


def shorten(probabilities: np.ndarray) -> np.ndarray:
    """Round probabilities (n, 10) to float16 without changing any answer."""
    short = probabilities.astype(np.float16)
    rows, answers = np.arange(len(short)), probabilities.argmax(axis=1)
    tied = short.argmax(axis=1) != answers
    short[rows[tied], answers[tied]] = np.nextafter(
        short[tied].max(axis=1), np.float16(2)
    )
    return short


def restore(data: Path, runs: Path = RUNS) -> None:
    """Bring published runs back to where reporting finds them.

    What is there stays: other runs; another run of the same experiment and seed, which
    is named; and the run itself, whose probabilities may not have been rounded.

    Raises:
        ValueError: If the test images are not there, or others than a run's.
        DatasetError: If they can't be read.
    """
    file = data / "05_model_input/test.npz"
    if not file.exists():
        raise ValueError(
            f"{file}: not there, expected the test images, whose labels restored runs get "
            f"back. Make them first, of {ARCHIVE}: kedro run --pipelines data_engineering. "
            f"Without that archive, {RESULTS / 'report.md'} is the report on these runs"
        )
    digest = hash_images(test := NpzDataset(filepath=str(file)).load())
    for source in sorted(path.parent for path in runs.glob("*/*/metrics.json")):
        tested_on = read_metrics(source)["provenance"]["test_sha256"]
        if tested_on != digest:
            raise ValueError(
                f"{source} was tested on images of SHA-256 {tested_on}, but those in "
                f"{file} have {digest}. Use {ARCHIVE}, and make them from scratch: kedro run "
                "--pipelines data_engineering"
            )
        target = data / "07_model_output" / source.relative_to(runs)
        if is_another_run(target, source):
            print(f"{target}: another run than the published one, left as it is")
        elif not all((target / name).exists() for name in (*TEXTS, PREDICTIONS)):
            restore_run(source, target, test["labels"])


def is_another_run(folder: Path, published: Path) -> bool:
    """Tell whether a folder holds metrics or a history other than the published ones."""
    return any(
        (folder / name).exists()
        and (folder / name).read_text() != (published / name).read_text()
        for name in TEXTS
    )


def restore_run(source: Path, target: Path, labels: np.ndarray) -> None:
    """Write a published run's files as evaluation does, each in one step."""
    for name in TEXTS:
        with replacing(LocalFileSystem(), str(target / name)) as temporary:
            shutil.copyfile(source / name, temporary)
    with np.load(source / PREDICTIONS) as predictions:
        probabilities = {k: v.astype(np.float32) for k, v in predictions.items()}
    file = NpzDataset(filepath=str(target / PREDICTIONS))
    file.save(probabilities | {"labels": labels})


def drop_images(report: str) -> str:
    """Drop the pictures that show images, each with its caption, from a Markdown text."""
    kinds = "|".join(SHOW_IMAGES)
    return re.sub(rf"!\[[^\n]*({kinds})\.\w+\)\n+\*[^\n]*\*\n*", "", report)


def insert_table(page: str, name: str, table: str) -> str:
    """Put a table between the page's markers of that name."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    return f"{before}{begin}{table}\n{end}{rest.partition(end)[2]}"


def load_experiments() -> dict[str, Experiment]:
    """Load the project's experiments, whatever anyone's ``conf/local`` has."""
    loader = ExperimentConfigLoader(str(CONF), env="base", **CONFIG_LOADER_ARGS)
    return {
        name: Experiment.model_validate(block)
        for name, block in loader["parameters"].items()
        if is_experiment(block)
    }


def tabulate_experiments(experiments: dict[str, Experiment], results: Path) -> str:
    """Tabulate the experiments as Markdown: one row for each, whether or not it has run.

    Args:
        experiments: Those to list.
        results: The folder with the published runs and their summary by experiment.
    """
    columns = (
        "experiment | report | ours | difference | sd | seeds | minutes | hardware"
    )
    lines = [f"| {columns} |", "|---|---:|---:|---:|---:|---:|---:|---|"]
    summary = pd.read_csv(
        results / "summary_by_experiment.csv", index_col="experiment"
    ).to_dict("index")
    for name, experiment in experiments.items():
        paths = sorted(results.glob(f"runs/{name}/*/metrics.json"))
        runs = [read_metrics(path.parent) for path in paths]
        row = _describe_experiment(experiment, summary.get(name, {}), runs)
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def tabulate_runs(runs: Path) -> str:
    """Tabulate the published runs as Markdown: one row for each."""
    columns = (
        "command | epochs | test | report | difference | minutes | hardware | code"
    )
    lines = [f"| {columns} |", "|---|---:|---:|---:|---:|---:|---|---|"]
    folders = [path.parent for path in runs.glob("*/*/metrics.json")]
    for folder in sorted(folders, key=lambda f: re.sub(r"\d+", _two_digits, str(f))):
        lines.append(f"| {' | '.join(_describe_run(read_metrics(folder)))} |")
    return "\n".join(lines)


def read_metrics(folder: Path) -> dict[str, Any]:
    """Read a run's metrics."""
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    return metrics


def _two_digits(match: re.Match[str]) -> str:
    return match.group().zfill(2)


def _describe_experiment(
    experiment: Experiment, seeds: dict[str, Any], runs: list[dict[str, Any]]
) -> list[str]:
    """Write an experiment's cells.

    Args:
        experiment: The experiment.
        seeds: Its row in the summary by experiment, if it has run.
        runs: The metrics of the runs which that row is of.
    """
    reported = experiment.reported and experiment.reported.test_accuracy
    name = f"{experiment.name}: {experiment.title}"
    report = f"{reported:.2%}" if reported else NONE
    if not runs:
        return [name, report, "not run", NONE, NONE, "0", NONE, NONE]
    difference = NONE
    if reported:
        error = difference_error(reported, seeds["mean"])
        difference = f"{seeds['difference_points']:+.2f} ± {error:.2f}"
    views = [v["test_accuracy"] for run in runs if (v := run["test_time_views"])]
    return [
        name,
        report,
        _write_accuracy(seeds["mean"], fmean(views) if views else None),
        difference,
        f"{100 * seeds['sd']:.2f}" if len(runs) > 1 else NONE,
        str(len(runs)),
        f"{fmean(run['training_seconds'] for run in runs) / 60:.1f}",
        "; ".join(dict.fromkeys(name_hardware(run["provenance"]) for run in runs)),
    ]


def _write_accuracy(plain: float, views: float | None) -> str:
    return f"{plain:.2%}" + (f" (views {views:.2%})" if views else "")


def _describe_run(metrics: dict[str, Any]) -> list[str]:
    provenance = metrics["provenance"]
    ours = metrics["weights"]["end"]["test_accuracy"]
    reported = metrics["reported"] and metrics["reported"]["test_accuracy"]
    views = metrics["test_time_views"]
    backend = provenance["backend"]
    return [
        "`" + (backend != "tensorflow") * f"KERAS_BACKEND={backend} " + "kedro run "
        f"--pipelines {metrics['experiment']} --params {_list_settings(metrics)}`",
        str(metrics["epochs"]),
        _write_accuracy(ours, views and views["test_accuracy"]),
        f"{reported:.2%}" if reported else "",
        f"{100 * (ours - reported):+.2f}" if reported else "",
        f"{metrics['training_seconds'] / 60:.1f}",
        name_hardware(provenance),
        (provenance["code"]["commit"] or provenance["code"]["version"])[:7],
    ]


def _list_settings(metrics: dict[str, Any]) -> str:
    """List what was set for a run, as ``--params`` takes it."""
    usual = Execution().model_dump()
    # Runs of before the execution was recorded have none.
    execution = metrics["provenance"].get("execution", {})
    settings = {"seed": metrics["seed"]} | {
        f"execution.{key}": value
        for key, value in execution.items()
        if value != usual.get(key)
    }
    return ",".join(
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in settings.items()
    )


def read_folder(path: str) -> Path:
    """Read a folder's name from the command line."""
    try:
        return Path(expand_path(path))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--restore", action="store_true")
    parser.add_argument("--data", type=read_folder, default=Path("data"))
    arguments = parser.parse_args()
    try:
        (restore if arguments.restore else publish)(arguments.data)
    except (ValueError, OSError, DatasetError) as error:
        parser.exit(1, f"{error}\n")
