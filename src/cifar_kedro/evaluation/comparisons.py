"""Compare pairs of experiments on the same test images."""

import math
from itertools import chain

import numpy as np
import pandas as pd

from cifar_kedro.config import Experiment
from cifar_kedro.evaluation.chance import estimate_difference, further_half_width
from cifar_kedro.evaluation.claims.claims import Claims
from cifar_kedro.evaluation.runs import Results, Run, have_same_images
from cifar_kedro.evaluation.significance import (
    ENOUGH_SEEDS,
    difference_interval,
    holm,
    mcnemar_p_value,
    normal_quantile,
)

REPORT_TEST_IMAGES = 10_000

COLUMNS = {
    "baseline": "string",
    "experiment": "string",
    "baseline_seed": "Int64",
    "seed": "Int64",
    "usable": "bool",
    "difference_points": "Float64",
    "low_points": "Float64",
    "high_points": "Float64",
    "only_baseline_right": "Int64",
    "only_experiment_right": "Int64",
    "p_value": "Float64",
    "p_value_holm": "Float64",
    "reported_points": "Float64",
    "reported_error_points": "Float64",
    "baseline_seeds": "Int64",
    "seeds": "Int64",
    "mean_points": "Float64",
    "mean_low_points": "Float64",
    "mean_high_points": "Float64",
    "seeds_share": "Float64",
    "further_points": "Float64",
}


def compare_experiments(results: Results, claims: Claims) -> pd.DataFrame:
    """Compare every experiment with its baseline, and every pair of a claim.

    Args:
        results: All runs. The weights at the end of training are compared.
        claims: The claims. Their pairs are tested.

    Returns:
        One row for each pair, whether or not both have run. If both have run with several
        seeds, one row for each pair of runs: see `Results.together`.

        `usable` is false if one of the runs has issues. `p_value_holm` is adjusted over
        one family of tests. The family is the usable rows of two kinds of pairs: those of
        the original report, and those of a claim.

        `difference_points` is the experiment's accuracy less the baseline's, in percentage
        points. Its 95 % interval comes from the paired bootstrap. `reported_error_points`
        is half the width of a 95 % interval of the original report's difference. See
        `reported_difference`.

        The last columns are about all complete runs of a pair. They are the same in each
        of its rows. `baseline_seeds` and `seeds` count the runs. The others need three
        runs or more of each experiment. `mean_points` is the difference of the means. Its
        95 % interval covers trainings and images. `seeds_share` is the trainings' share of
        its variance. The difference of one further pair lies within `further_points` of
        `mean_points`.
    """
    claimed = claims.list_pairs()
    rows = [
        row
        for pair in list_pairs(results.experiments, claimed)
        for row in _compare_pair(results, *pair)
    ]
    table = pd.DataFrame(rows, columns=[*COLUMNS]).astype(COLUMNS)
    pairs = zip(table["baseline"], table["experiment"], strict=True)
    tested = [pair in claimed or pair[::-1] in claimed for pair in pairs]
    family = table["usable"] & (table["reported_points"].notna() | np.array(tested))
    table.loc[family, "p_value_holm"] = holm(table.loc[family, "p_value"].to_list())
    return table


def _compare_pair(
    results: Results, baseline: str, experiment: str
) -> list[dict[str, object]]:
    """Compare two experiments with every seed that both have. Give at least one row."""
    reported, error = reported_difference(
        results.experiments[baseline], results.experiments[experiment]
    )
    pair: dict[str, object] = {
        "baseline": baseline,
        "experiment": experiment,
        "usable": False,
        "reported_points": reported,
        "reported_error_points": error,
        **_compare_means(results, baseline, experiment),
    }
    both = (baseline, experiment)
    alone = {name: run for name in both if (run := results.representative(name))}
    return [
        pair | _compare_runs(runs.get(baseline), runs.get(experiment))
        for runs in results.together(both) or [alone]
    ]


def _compare_means(
    results: Results, baseline: str, experiment: str
) -> dict[str, object]:
    """Compare all complete runs of two experiments, if there are enough."""
    complete = [
        [runs[name] for runs in results.together([name])]
        for name in (baseline, experiment)
    ]
    counts = [len(runs) for runs in complete]
    seeds: dict[str, object] = {"baseline_seeds": counts[0], "seeds": counts[1]}
    if min(counts) < ENOUGH_SEEDS or not have_same_images(chain(*complete)):
        return seeds
    first, second = (np.stack([run.correct() for run in runs]) for runs in complete)
    estimate = estimate_difference(first, second)
    further = further_half_width(first.mean(axis=1), second.mean(axis=1))
    return seeds | {
        "mean_points": _points(estimate.value),
        "mean_low_points": _points(estimate.interval.low),
        "mean_high_points": _points(estimate.interval.high),
        "seeds_share": estimate.seeds_share,
        "further_points": _points(further),
    }


def list_pairs(
    experiments: dict[str, Experiment], claimed: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """List the pairs to compare: (baseline, experiment), in the order of experiments.

    Each experiment is compared with the one that it builds on. The claims add other pairs.
    """
    pairs = {(block.builds_on, name): None for name, block in experiments.items()}
    for pair in claimed:
        if pair[::-1] not in pairs:  # one direction is enough
            pairs[pair] = None
    order = list(experiments)
    known = [
        (baseline, name)
        for baseline, name in pairs
        if baseline in experiments and name in experiments
    ]
    return sorted(known, key=lambda pair: order.index(pair[1]))


def reported_difference(
    baseline: Experiment, experiment: Experiment
) -> tuple[float | None, float | None]:
    """Give the original report's difference in points, and its `difference_error`.

    It prints two accuracies. It does not print on which images each network is correct.
    """
    if not (baseline.reported and experiment.reported):
        return None, None
    accuracies = (baseline.reported.test_accuracy, experiment.reported.test_accuracy)
    points = round(100 * (accuracies[1] - accuracies[0]), 2)
    return points, difference_error(*accuracies)


def difference_error(first: float, second: float) -> float:
    """Estimate how far the choice of test images alone moves a difference of accuracies.

    The errors of both accuracies are taken as independent. If two networks err on the same
    images, the estimate is too large. The chance between trainings is not part of it.

    Args:
        first: An accuracy on 10,000 images, a fraction. It may be a mean over seeds on the
            same images: that averages trainings, not images.
        second: The other accuracy, of the same kind.

    Returns:
        Half the width of the difference's 95 % interval, in points.
    """
    variance = sum(p * (1 - p) / REPORT_TEST_IMAGES for p in (first, second))
    return 100 * normal_quantile() * math.sqrt(variance)


def _compare_runs(baseline: Run | None, experiment: Run | None) -> dict[str, object]:
    if not (baseline and experiment):
        return {}
    if not have_same_images([baseline, experiment]):
        return {}
    first, second = baseline.correct(), experiment.correct()
    interval = difference_interval(first, second)
    return {
        "baseline_seed": baseline.seed,
        "seed": experiment.seed,
        "usable": not (baseline.issues or experiment.issues),
        "difference_points": _points(float(second.mean() - first.mean())),
        "low_points": _points(interval.low),
        "high_points": _points(interval.high),
        "only_baseline_right": int((first & ~second).sum()),
        "only_experiment_right": int((second & ~first).sum()),
        "p_value": mcnemar_p_value(first, second),
    }


def _points(difference: float) -> float:
    """Turn a fraction into points, without the noise of binary fractions."""
    return round(100 * difference, 4)
