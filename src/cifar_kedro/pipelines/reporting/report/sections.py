"""What the report page says of each experiment, ready for the templates."""

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
    "confusion": "Test images by label (rows) and prediction (columns).",
    "class_accuracy": "Share of each class's test images that is recognised, with 95 % "
    "Wilson intervals.",
    "reliability": "Reliability: accuracy by confidence, in 15 bins of equal width. A dot "
    "below the line is over-confident.",
    "mistakes": "The most confident wrong predictions: label, prediction, its probability.",
}
# The same of a data set with more than `MOST_CLASSES` classes.
FIGURES_OF_MANY_CLASSES = FIGURES | {
    "confusion": "The largest confusions: test images by label and prediction.",
    "class_accuracy": "Share of a class's test images that is recognised, of the classes "
    "recognised best and worst, with 95 % Wilson intervals.",
}


@dataclass(frozen=True)
class Row:
    """A row of the summary: a run, or an experiment without one.

    Attributes:
        reported: The original report's test accuracy, a fraction.
        macs: MACs of one image; None if no run has counted them.
        run: None if the experiment has not run.
        status: ``complete``, ``not run``, or the issues of the run.
        end: Scores with the weights at the end of training: see `scores.score_runs`.
        best: Scores with the best weights.
        views: Scores with the weights at the end, over test-time views, if any.
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
    """An experiment on the report page.

    Attributes:
        changes: What differs from the experiment it builds on: key, before, after.
        layers: The network of the representative run, layer by layer.
        rows: Its runs, in the order of their seeds.
        representative: The run that the figures show.
        seeds: Mean and standard deviation over the seeds, if there are complete runs.
        comparisons: The pairs that compare it with a baseline.
        identical_images: How many the data of the representative run have, in a sentence.
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
    """Gather what the report page says of one experiment."""
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
    """List what differs from the experiment it builds on, or else all settings."""
    experiment = results.experiments[name]
    settings = experiment.model_dump(exclude=NAMES)
    parent = results.experiments.get(experiment.builds_on or "")
    if not parent:
        return [(key, None, value) for key, value in _list_leaves(settings)]
    changes = find_differences(parent.model_dump(exclude=NAMES), settings)
    return [(key, before, after) for key, (before, after) in changes.items()]


def describe_identical_images(run: Run) -> str:
    """Say in a sentence how many identical images the data of a run have."""
    counts = (run.metrics.get("provenance") or {}).get("identical_images")
    return describe_counts(counts) if counts else "Identical images: not counted."


def list_provenance(run: Run) -> list[tuple[str, Any]]:
    """List where a run comes from, without the parameters, which have their own table."""
    provenance = dict(run.metrics.get("provenance") or {})
    provenance.pop("parameters", None)
    return _list_leaves(provenance)


def _list_leaves(sections: dict[str, Any]) -> list[tuple[str, Any]]:
    """List the values of nested sections, by key with dots, without null."""
    (flat,) = pd.json_normalize(sections).to_dict("records") or [{}]
    leaves = [(str(key), value) for key, value in flat.items()]
    return [(key, value) for key, value in leaves if value is not None]
