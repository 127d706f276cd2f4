"""How good the trained networks are on the test images, run by run and over seeds."""

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
        A row per run and weights, fractions where nothing else is said:

        - `experiment` and `seed`;
        - `weights`: ``end``, ``best``, or ``views`` (at the end, over test-time views);
        - `images`: how many test images;
        - `accuracy`, with its Wilson interval from `low` to `high`;
        - `cross_entropy`: in nats, as evaluation measured it;
        - `calibration_error`: see `significance.expected_calibration_error`.
    """
    rows = [
        _score(run, weights, measured["test_cross_entropy"])
        for run in results.runs
        for weights, measured in _measured(run).items()
    ]
    columns = ["experiment", "seed", "weights", "images", "accuracy", "low", "high"]
    return pd.DataFrame(rows, columns=[*columns, "cross_entropy", "calibration_error"])


def _measured(run: Run) -> dict[str, Any]:
    """Give what evaluation measured of a run, by weights."""
    measured: dict[str, Any] = dict(run.metrics["weights"])
    if views := run.metrics.get("test_time_views"):
        measured["views"] = views
    return measured


def _score(run: Run, weights: str, cross_entropy: float) -> tuple[object, ...]:
    correct = run.correct(weights)
    bins = calibration_bins(run.predictions[weights], run.labels)
    return (
        run.experiment,
        run.seed,
        weights,
        len(correct),
        run.accuracy(weights),
        *wilson_interval(int(correct.sum()), len(correct)),
        cross_entropy,
        expected_calibration_error(bins),
    )


def describe_seeds(results: Results) -> pd.DataFrame:
    """Describe how much the test accuracy varies from seed to seed.

    Args:
        results: What has run. Runs with issues are left out.

    Returns:
        A row per experiment, of test accuracies at the end of training, fractions:

        - `experiment`, and the number of `seeds`;
        - `mean`, `min`, `max`, and `sd`, the standard deviation of a sample (n - 1),
            empty for one seed;
        - `reported_test_accuracy`: the original report's, empty if it has none;
        - `difference_points`: the mean less the reported one, in percentage points;
        - `further_low` and `further_high`, from three seeds on: 95 % of further runs lie
            between them, on the same test images.
    """
    runs = pd.DataFrame(
        [(run.experiment, run.accuracy()) for run in results.runs if not run.issues],
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
