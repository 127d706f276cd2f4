"""What the page says of each experiment, ready for the templates."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from cifar_kedro.config.differences import find_differences
from cifar_kedro.datasets.identical_images import describe_counts
from cifar_kedro.evaluation.runs import Results, Run
from cifar_kedro.evaluation.status import NAMES

# Figure -> what it shows.
FIGURES = {
    "learning_curves": "Loss and accuracy by epoch, on train and validation images.",
    "confusion": "Test images by right class (rows) and answer (columns).",
    "class_accuracy": "Share of each class's test images that is recognised, with 95 % "
    "Wilson intervals.",
    "reliability": "Reliability: accuracy by confidence, in 15 bins of equal width. Dots "
    "below the line: over-confident.",
    "mistakes": "The most confident wrong answers: right class, answer, its probability.",
}


@dataclass(frozen=True)
class Row:
    """A run, or an experiment without one, in the summary.

    Attributes:
        reported: The report's test accuracy, a fraction.
        macs: Multiply-accumulates per image; None if no run has told.
        run: None if the experiment has not run.
        status: ``complete``, ``not run``, or what stands against the run.
        end: Scores of the weights at the end of training: see `scores.score_runs`.
        best: The same of the best weights.
        views: The same of those at the end, over test-time views; None without.
    """

    name: str
    title: str
    reported: float | None
    run: Run | None = None
    macs: int | None = None
    status: str = "not run"
    end: dict[str, Any] | None = None
    best: dict[str, Any] | None = None
    views: dict[str, Any] | None = None


@dataclass(frozen=True)
class Section:
    """An experiment on the page.

    Attributes:
        changes: What differs from the experiment it builds on: key, before, after.
        layers: The network of the representative run, layer by layer.
        rows: Its runs, in the order of their seeds.
        representative: The run whose figures are shown.
        seeds: Mean and standard deviation over the seeds, if there are complete runs.
        comparisons: The pairs in which it is compared with a baseline.
        identical_images: What was found in the data of the representative run, in a sentence.
        provenance: Key and value, of the representative run.
    """

    name: str
    title: str
    builds_on: str | None
    changes: list[tuple[str, Any, Any]]
    layers: list[dict[str, Any]]
    rows: list[Row]
    representative: Run | None
    seeds: dict[str, Any] | None
    comparisons: list[dict[str, Any]]
    identical_images: str
    provenance: list[tuple[str, Any]]


def list_rows(results: Results, scores: pd.DataFrame) -> list[Row]:
    """List all runs, and the experiments that have none."""
    rows = []
    for name, experiment in results.experiments.items():
        base = Row(
            name,
            experiment.title,
            experiment.reported.test_accuracy if experiment.reported else None,
        )
        runs = results.of(name)
        rows += [_row(base, run, scores) for run in runs] or [base]
    return rows


def _row(base: Row, run: Run, scores: pd.DataFrame) -> Row:
    own = scores[
        (scores["experiment"] == run.experiment) & (scores["seed"] == run.seed)
    ]
    by_weights = own.set_index("weights").to_dict("index")
    return Row(
        base.name,
        base.title,
        base.reported,
        run,
        run.macs,
        "; ".join(run.issues) or "complete",
        by_weights["end"],
        by_weights["best"],
        by_weights.get("views"),
    )


def make_section(
    name: str,
    results: Results,
    rows: list[Row],
    comparisons: pd.DataFrame,
    seeds: pd.DataFrame,
) -> Section:
    """Gather what the page says of one experiment."""
    experiment = results.experiments[name]
    run = results.representative(name)
    return Section(
        name=name,
        title=experiment.title,
        builds_on=experiment.builds_on,
        changes=list_changes(name, results),
        layers=run.metrics.get("layers", []) if run else [],
        rows=[row for row in rows if row.name == name and row.run],
        representative=run,
        seeds=next(iter(seeds[seeds["experiment"] == name].to_dict("records")), None),
        comparisons=comparisons[comparisons["experiment"] == name].to_dict("records"),
        identical_images=describe_identical_images(run) if run else "",
        provenance=list_provenance(run) if run else [],
    )


def list_changes(name: str, results: Results) -> list[tuple[str, Any, Any]]:
    """List what differs from the experiment it builds on, or all of its settings."""
    experiment = results.experiments[name]
    settings = experiment.model_dump(exclude=NAMES)
    parent = results.experiments.get(experiment.builds_on or "")
    if not parent:
        return [(key, None, value) for key, value in _list_leaves(settings)]
    changes = find_differences(parent.model_dump(exclude=NAMES), settings)
    return [(key, before, after) for key, (before, after) in changes.items()]


def describe_identical_images(run: Run) -> str:
    """Say how many identical images the data of a run have."""
    counts = (run.metrics.get("provenance") or {}).get("identical_images")
    return describe_counts(counts) if counts else "Identical images: not counted."


def list_provenance(run: Run) -> list[tuple[str, Any]]:
    """List where a run comes from, apart from the parameters: they are shown above."""
    provenance = dict(run.metrics.get("provenance") or {})
    provenance.pop("parameters", None)
    return _list_leaves(provenance)


def _list_leaves(sections: dict[str, Any]) -> list[tuple[str, Any]]:
    """List what stands in nested sections, by key with dots; null left out."""
    (flat,) = pd.json_normalize(sections).to_dict("records") or [{}]
    leaves = [(str(key), value) for key, value in flat.items()]
    return [(key, value) for key, value in leaves if value is not None]
