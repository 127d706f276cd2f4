"""How good the trained networks are on the test images."""

import math
from typing import Any

import pandas as pd

from cifar_kedro.evaluation.chance import further_half_width
from cifar_kedro.evaluation.runs import Results, Run
from cifar_kedro.evaluation.significance import (
    ENOUGH_SEEDS,
    calibration_bins,
    expected_calibration_error,
    wilson_interval,
)


def score_runs(results: Results) -> pd.DataFrame:
    """Measure every run, with the weights at the end of training and the best ones.

    Args:
        results: What has run.

    Returns:
        A row per run and weights: `experiment`, `seed`, `weights` (``end``, ``best``, and
        ``views`` for those at the end over test-time views, where an experiment has
        them), `images` (their number), `accuracy` with its Wilson interval `low` to
        `high`, `cross_entropy` (mean negative log-likelihood in nats, as evaluation
        measured it), and `calibration_error` (see `statistics`). Accuracies and errors
        are fractions.
    """
    rows = [
        _score(run, weights, measured["test_cross_entropy"])
        for run in results.runs
        for weights, measured in _measured(run).items()
    ]
    columns = ["experiment", "seed", "weights", "images", "accuracy", "low", "high"]
    return pd.DataFrame(rows, columns=[*columns, "cross_entropy", "calibration_error"])


def _measured(run: Run) -> dict[str, Any]:
    """List what evaluation measured of a run."""
    measured: dict[str, Any] = dict(run.metrics["weights"])
    if views := run.metrics.get("test_time_views"):
        measured["views"] = views
    return measured


def _score(run: Run, weights: str, cross_entropy: float) -> tuple[object, ...]:
    right = run.right(weights)
    bins = calibration_bins(run.predictions[weights], run.labels)
    return (
        run.experiment,
        run.seed,
        weights,
        len(right),
        float(right.mean()),
        *wilson_interval(int(right.sum()), len(right)),
        cross_entropy,
        expected_calibration_error(bins),
    )


def describe_seeds(results: Results) -> pd.DataFrame:
    """Describe how much the test accuracy varies from run to run.

    Args:
        results: What has run; runs with caveats are left out.

    Returns:
        A row per experiment: `experiment`, the number of `seeds`; of the accuracies at
        the end of training, fractions, the `mean`, the standard deviation `sd` (of a
        sample, n - 1; empty for one seed), `min` and `max`; what the report has,
        `reported_test_accuracy`, and by how many percentage points the mean differs
        from it, `difference_points` (both empty for an experiment that it lacks). From
        three seeds on, 95 % of further runs lie within `further_low` to `further_high`,
        on the same test images.
    """
    runs = pd.DataFrame(
        [
            (run.experiment, float(run.right().mean()))
            for run in results.runs
            if not run.caveats
        ],
        columns=["experiment", "accuracy"],
    )
    groups = runs.groupby("experiment", sort=False)["accuracy"]
    table = groups.agg(seeds="size", mean="mean", sd="std", min="min", max="max")
    reported = {
        name: experiment.reported.test_accuracy
        for name, experiment in results.experiments.items()
        if experiment.reported
    }
    table["reported_test_accuracy"] = table.index.map(reported).astype(float)
    difference = 100 * (table["mean"] - table["reported_test_accuracy"])
    further = groups.agg(_further_half_width)
    return table.assign(
        difference_points=difference.round(2),
        further_low=table["mean"] - further,
        further_high=table["mean"] + further,
    ).reset_index()


def _further_half_width(accuracies: pd.Series) -> float:
    enough = len(accuracies) >= ENOUGH_SEEDS
    return further_half_width(accuracies.to_numpy()) if enough else math.nan
