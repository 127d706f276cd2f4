"""Publish complete runs in docs/results, or restore published runs.

    python tools/publish.py            # data/ -> docs/results/, and README.md
    python tools/publish.py --restore  # docs/results/runs/ -> data/

Nothing of the data set is published. Class probabilities come without labels. Figures that
show images are left out. A restored run gets its labels from the test images of the same
archive, and their hash is compared. Restored and new runs can stand on one report page.

Before --restore, make the test images: `kedro run --pipelines data_engineering`.
"""

import argparse
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.io import DatasetError
from published_runs import PREDICTIONS, TEXTS, restore
from result_tables import (
    PAGE_COLUMNS,
    README_COLUMNS,
    insert_table,
    load_experiments,
    tabulate_experiments,
    tabulate_runs,
)

from cifar_kedro.config.paths import expand_path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = "docs/results"
FIGURE = "docs/figures/results.png"  # README.md shows it
TABLES = ("summary", "summary_by_experiment", "scores", "comparisons", "claims")
SHOW_IMAGES = ("mistakes", "augmented_images")


def publish(data: Path, root: Path = ROOT) -> None:
    """Publish the complete runs and the last report page. Update every table.

    Args:
        data: The folder with the runs and the files of reporting.
        root: The checkout to publish in.

    Raises:
        ValueError: If reporting has not run, if its files are older than a run, or if they
            lack a published run.
    """
    results = root / RESULTS
    check_report_is_last(data)
    runs = find_complete_runs(data / "08_reporting", results)
    for run in runs:
        publish_run(data / "07_model_output" / run, results / "runs" / run)
    publish_report(data / "08_reporting", results)
    (root / FIGURE).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(data / "08_reporting/comparison.png", root / FIGURE)
    experiments = load_experiments()
    for page, name, columns in (
        (results / "README.md", "experiments", PAGE_COLUMNS),
        (root / "README.md", "results", README_COLUMNS),
    ):
        table = tabulate_experiments(experiments, results, columns)
        insert_table(page, name, table)
    insert_table(results / "README.md", "runs", tabulate_runs(results / "runs"))


def check_report_is_last(data: Path) -> None:
    """Refuse a report page that is older than a run, because it lacks that run's results.

    Raises:
        ValueError: If there is no report page, or an older one.
    """
    summary = data / "08_reporting/summary.csv"
    if not summary.exists():
        raise ValueError(
            f"{summary} is missing, expected the summary of the runs to publish. Make it "
            "first: kedro run --pipelines reporting. Then call this in the checkout's root, "
            "or name the folder with --data"
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
            f"{', '.join(later)}: metrics.json is newer than {summary}, expected a summary "
            "of all runs. Make it (kedro run --pipelines reporting), then publish"
        )


def find_complete_runs(reporting: Path, results: Path) -> list[str]:
    """List the complete runs of the summary, such as ``exp9/seed-0``.

    Raises:
        ValueError: If a published run is not among them.
    """
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
            "Restore it (--restore) and run reporting again. Or, if its settings no longer "
            f"exist, delete it in {RESULTS}/runs"
        )
    return runs


def publish_run(source: Path, target: Path) -> None:
    """Copy the files that evaluation wrote of a run. Round probabilities to 16 bits."""
    target.mkdir(parents=True, exist_ok=True)
    for name in TEXTS:
        shutil.copy(source / name, target)
    with np.load(source / PREDICTIONS) as predictions:
        probabilities: dict[str, Any] = {
            weights: shorten(predictions[weights])
            for weights in predictions.files
            if weights != "labels"
        }
    np.savez_compressed(target / PREDICTIONS, **probabilities)


def shorten(probabilities: np.ndarray) -> np.ndarray:
    """Round probabilities (n, 10) to float16 without changing any prediction."""
    short = probabilities.astype(np.float16)
    rows, predicted = np.arange(len(short)), probabilities.argmax(axis=1)
    tied = short.argmax(axis=1) != predicted
    short[rows[tied], predicted[tied]] = np.nextafter(
        short[tied].max(axis=1), np.float16(2)
    )
    return short


def publish_report(reporting: Path, results: Path) -> None:
    """Copy the tables, the report page in Markdown, and the figures without images."""
    for name in TABLES:
        shutil.copy(reporting / f"{name}.csv", results)
    figures = results / "report_figures"
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir()
    for figure in (reporting / "report_figures").glob("*.svg"):
        if not figure.stem.endswith(SHOW_IMAGES):
            shutil.copy(figure, figures)
    report = (reporting / "report.md").read_text(encoding="utf-8")
    # report.html shows images, so it is not published. Its name stays, without the link.
    report = drop_images(report).replace("[report.html](report.html)", "`report.html`")
    (results / "report.md").write_text(report, encoding="utf-8")


def drop_images(report: str) -> str:
    """Drop the figures that show images from a Markdown text, with their captions."""
    kinds = "|".join(SHOW_IMAGES)
    return re.sub(rf"!\[[^\n]*({kinds})\.\w+\)\n+\*[^\n]*\*\n*", "", report)


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
        if arguments.restore:
            restore(arguments.data, ROOT / RESULTS / "runs")
        else:
            publish(arguments.data)
    except (ValueError, OSError, DatasetError) as error:
        parser.exit(1, f"{error}\n")
