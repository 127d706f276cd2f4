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

Runs = list[dict[str, Any]]


def insert_table(page: Path, name: str, table: str) -> None:
    """Put a table between a page's markers of that name.

    Raises:
        ValueError: If the page has no such markers.
    """
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"{page}: no line {begin.strip()!r} and, after it, {end!r}")
    page.write_text(f"{before}{begin}{table}\n{end}{after}", encoding="utf-8")


def load_experiments() -> dict[str, Experiment]:
    """Load the project's experiments, whatever anyone's ``conf/local`` has."""
    loader = ExperimentConfigLoader(str(CONF), env="base", **CONFIG_LOADER_ARGS)
    return {
        name: Experiment.model_validate(block)
        for name, block in loader["parameters"].items()
        if is_experiment(block)
    }


def tabulate_results(experiments: dict[str, Experiment], results: Path) -> str:
    """Tabulate the experiments for the README: one row for each, with the main figures.

    Args:
        experiments: Those to list.
        results: The folder with the published runs and their summary by experiment.
    """
    head = (
        "experiment | title | parameters | original report | ours (seeds) | difference "
        "| training there | training here"
    )
    rows = [
        _describe_result(experiment, seeds, runs)
        for experiment, seeds, runs in _with_runs(experiments, results)
    ]
    return _write_table(head, "---|---|---:|---:|---:|---:|---:|---:", rows)


def tabulate_experiments(experiments: dict[str, Experiment], results: Path) -> str:
    """Tabulate the experiments for the results page, whether or not they have run.

    Args:
        experiments: Those to list.
        results: The folder with the published runs and their summary by experiment.
    """
    head = (
        "experiment | original report | ours | difference | sd | seeds | minutes "
        "| hardware"
    )
    rows = [
        _describe_experiment(experiment, seeds, runs)
        for experiment, seeds, runs in _with_runs(experiments, results)
    ]
    return _write_table(head, "---|---:|---:|---:|---:|---:|---:|---", rows)


def tabulate_runs(runs: Path) -> str:
    """Tabulate the published runs: one row for each."""
    head = (
        "command | epochs | test | original report | difference | minutes | hardware "
        "| code"
    )
    folders = [path.parent for path in runs.glob("*/*/metrics.json")]
    folders.sort(key=lambda folder: re.sub(r"\d+", _two_digits, str(folder)))
    rows = [_describe_run(read_metrics(folder)) for folder in folders]
    return _write_table(head, "---|---:|---:|---:|---:|---:|---|---", rows)


def _with_runs(
    experiments: dict[str, Experiment], results: Path
) -> list[tuple[Experiment, dict[str, Any], Runs]]:
    """Give each experiment with its row of the summary and the metrics of its runs."""
    summary = pd.read_csv(
        results / "summary_by_experiment.csv", index_col="experiment"
    ).to_dict("index")
    return [
        (
            experiment,
            summary.get(name, {}),
            [
                read_metrics(path.parent)
                for path in sorted(results.glob(f"runs/{name}/*/metrics.json"))
            ],
        )
        for name, experiment in experiments.items()
    ]


def _write_table(head: str, alignment: str, rows: list[list[str]]) -> str:
    lines = [f"| {head} |", f"|{alignment}|"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def _two_digits(match: re.Match[str]) -> str:
    return match.group().zfill(2)


def _describe_result(
    experiment: Experiment, seeds: dict[str, Any], runs: Runs
) -> list[str]:
    reported = experiment.reported
    there = f"{reported.training_seconds / 60:.0f} min" if reported else NONE
    ours = parameters = here = NONE
    if runs:
        ours = f"{_write_mean(seeds, runs)} ({len(runs)})"
        parameters = f"{runs[0]['parameters']['total']:,}"
        here = f"{_mean_minutes(runs):.1f} min"
    return [
        f"`{experiment.name}`",
        experiment.title,
        parameters,
        _write_reported(experiment),
        ours if runs else "not run",
        _write_difference(experiment, seeds),
        there,
        here,
    ]


def _describe_experiment(
    experiment: Experiment, seeds: dict[str, Any], runs: Runs
) -> list[str]:
    name = f"{experiment.name}: {experiment.title}"
    report = _write_reported(experiment)
    if not runs:
        return [name, report, "not run", NONE, NONE, "0", NONE, NONE]
    return [
        name,
        report,
        _write_mean(seeds, runs),
        _write_difference(experiment, seeds),
        f"{100 * seeds['sd']:.2f}" if len(runs) > 1 else NONE,
        str(len(runs)),
        f"{_mean_minutes(runs):.1f}",
        "; ".join(dict.fromkeys(name_hardware(run["provenance"]) for run in runs)),
    ]


def _write_reported(experiment: Experiment) -> str:
    reported = experiment.reported and experiment.reported.test_accuracy
    return f"{reported:.2%}" if reported else NONE


def _write_mean(seeds: dict[str, Any], runs: Runs) -> str:
    views = [v["test_accuracy"] for run in runs if (v := run["test_time_views"])]
    return _write_accuracy(seeds["mean"], fmean(views) if views else None)


def _write_accuracy(plain: float, views: float | None) -> str:
    return f"{plain:.2%}" + (f" (views {views:.2%})" if views else "")


def _write_difference(experiment: Experiment, seeds: dict[str, Any]) -> str:
    """Write ours less the original report's, and the interval's half width, in points."""
    reported = experiment.reported and experiment.reported.test_accuracy
    if not (reported and seeds):
        return NONE
    error = difference_error(reported, seeds["mean"])
    return f"{seeds['difference_points']:+.2f} ± {error:.2f}"


def _mean_minutes(runs: Runs) -> float:
    return fmean(run["training_seconds"] for run in runs) / 60


def _describe_run(metrics: dict[str, Any]) -> list[str]:
    provenance = metrics["provenance"]
    ours = metrics["weights"]["end"]["test_accuracy"]
    reported = metrics["reported"] and metrics["reported"]["test_accuracy"]
    views = metrics["test_time_views"]
    return [
        f"`{_write_command(metrics)}`",
        str(metrics["epochs"]),
        _write_accuracy(ours, views and views["test_accuracy"]),
        f"{reported:.2%}" if reported else "",
        f"{100 * (ours - reported):+.2f}" if reported else "",
        f"{metrics['training_seconds'] / 60:.1f}",
        name_hardware(provenance),
        (provenance["code"]["commit"] or provenance["code"]["version"])[:7],
    ]


def _write_command(metrics: dict[str, Any]) -> str:
    """Write the command of a run, with what was set for it."""
    provenance = metrics["provenance"]
    usual = Execution().model_dump()
    # Runs of before the execution was recorded have none.
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
