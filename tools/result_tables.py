"""The tables of results that README.md and docs/results/README.md show."""

import json
import re
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd
from published_runs import read_metrics

from cifar_kedro.config import Execution, Experiment
from cifar_kedro.config.inheritance import is_experiment
from cifar_kedro.config.loader import ExperimentConfigLoader
from cifar_kedro.evaluation.comparisons import difference_error
from cifar_kedro.evaluation.provenance import name_hardware
from cifar_kedro.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).resolve().parents[1] / "conf"
NONE = "\N{EN DASH}"

# The columns of each table.
README_COLUMNS = (
    "experiment | title | parameters | original report | ours (seeds) | difference"
    " | training there | training here"
).split(" | ")
PAGE_COLUMNS = (
    "experiment | title | original report | ours | difference | sd | seeds | minutes"
    " | hardware"
).split(" | ")
RUN_COLUMNS = (
    "command | epochs | test | original report | difference | minutes | hardware | code"
).split(" | ")
TEXTS = {"experiment", "title", "command", "hardware", "code"}  # all others: numbers

Runs = list[dict[str, Any]]


def insert_table(page: Path, name: str, table: str) -> None:
    """Put a table between the markers of that name in a page.

    Raises:
        ValueError: If the page has no such markers.
    """
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"{page}: expected a line {begin.strip()!r}, then {end!r}")
    page.write_text(f"{before}{begin}{table}\n{end}{after}", encoding="utf-8")


def load_experiments() -> dict[str, Experiment]:
    """Load the project's experiments. ``conf/local`` is ignored."""
    loader = ExperimentConfigLoader(str(CONF), env="base", **CONFIG_LOADER_ARGS)
    return {
        name: Experiment.model_validate(block)
        for name, block in loader["parameters"].items()
        if is_experiment(block)
    }


def tabulate_experiments(
    experiments: dict[str, Experiment], results: Path, columns: list[str]
) -> str:
    """Tabulate the experiments: one row for each, whether or not it has run.

    Args:
        experiments: The experiments to list.
        results: The folder with the published runs and their summary by experiment.
        columns: `README_COLUMNS` or `PAGE_COLUMNS`.
    """
    summary = pd.read_csv(
        results / "summary_by_experiment.csv", index_col="experiment"
    ).to_dict("index")
    rows = [
        _describe_experiment(
            experiment,
            summary.get(name, {}),
            [
                read_metrics(path.parent)
                for path in sorted(results.glob(f"runs/{name}/*/metrics.json"))
            ],
        )
        for name, experiment in experiments.items()
    ]
    return _write_table(columns, rows)


def tabulate_runs(runs: Path) -> str:
    """Tabulate the published runs: one row for each."""
    folders = [path.parent for path in runs.glob("*/*/metrics.json")]
    folders.sort(key=lambda folder: re.sub(r"\d+", _two_digits, str(folder)))
    return _write_table(
        RUN_COLUMNS, [_describe_run(read_metrics(folder)) for folder in folders]
    )


def _write_table(columns: list[str], rows: list[dict[str, str]]) -> str:
    """Write the columns of a table in Markdown. Numbers are aligned to the right."""
    alignment = ["---" if column in TEXTS else "---:" for column in columns]
    cells = [[row.get(column, NONE) for column in columns] for row in rows]
    lines = [f"| {' | '.join(line)} |" for line in [columns, *cells]]
    return "\n".join([lines[0], f"|{'|'.join(alignment)}|", *lines[1:]])


def _two_digits(match: re.Match[str]) -> str:
    return match.group().zfill(2)


def _describe_experiment(
    experiment: Experiment, seeds: dict[str, Any], runs: Runs
) -> dict[str, str]:
    """Write the cells of an experiment, by column. An unknown value has no cell."""
    cells = {
        "experiment": f"`{experiment.name}`",
        "title": experiment.title,
        "ours": "not run",
        "ours (seeds)": "not run",
        "seeds": str(len(runs)),
    }
    reported = experiment.reported
    if reported:
        cells["original report"] = f"{reported.test_accuracy:.2%}"
        cells["training there"] = f"{reported.training_seconds / 60:.0f} min"
    if reported and seeds:
        error = difference_error(reported.test_accuracy, seeds["mean"])
        cells["difference"] = f"{seeds['difference_points']:+.2f} ± {error:.2f}"
    if runs:
        views = [v["test_accuracy"] for run in runs if (v := run["test_time_views"])]
        ours = _write_accuracy(seeds["mean"], fmean(views) if views else None)
        minutes = fmean(run["training_seconds"] for run in runs) / 60
        hardware = dict.fromkeys(name_hardware(run["provenance"]) for run in runs)
        cells |= {
            "parameters": f"{runs[0]['parameters']['total']:,}",
            "ours": ours,
            "ours (seeds)": f"{ours} ({len(runs)})",
            "minutes": f"{minutes:.1f}",
            "training here": f"{minutes:.1f} min",
            "hardware": "; ".join(hardware),
        }
    if len(runs) > 1:
        cells["sd"] = f"{100 * seeds['sd']:.2f}"
    return cells


def _write_accuracy(plain: float, views: float | None) -> str:
    return f"{plain:.2%}" + (f" (views {views:.2%})" if views else "")


def _describe_run(metrics: dict[str, Any]) -> dict[str, str]:
    provenance = metrics["provenance"]
    ours = metrics["weights"]["end"]["test_accuracy"]
    reported = metrics["reported"] and metrics["reported"]["test_accuracy"]
    views = metrics["test_time_views"]
    return {
        "command": f"`{_write_command(metrics)}`",
        "epochs": str(metrics["epochs"]),
        "test": _write_accuracy(ours, views and views["test_accuracy"]),
        "original report": f"{reported:.2%}" if reported else "",
        "difference": f"{100 * (ours - reported):+.2f}" if reported else "",
        "minutes": f"{metrics['training_seconds'] / 60:.1f}",
        "hardware": name_hardware(provenance),
        "code": (provenance["code"]["commit"] or provenance["code"]["version"])[:7],
    }


def _write_command(metrics: dict[str, Any]) -> str:
    """Write the command of a run, with the parameters that were set for it."""
    provenance = metrics["provenance"]
    usual = Execution().model_dump()
    # Early runs did not record their execution.
    execution = provenance.get("execution", {})
    settings = {"seed": metrics["seed"]} | {
        f"execution.{key}": value
        for key, value in execution.items()
        if value != usual.get(key)
    }
    listed = ",".join(
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in settings.items()
    )
    command = f"kedro run --pipelines {metrics['experiment']} --params {listed}"
    backend = provenance["backend"]
    return command if backend == "tensorflow" else f"KERAS_BACKEND={backend} {command}"
