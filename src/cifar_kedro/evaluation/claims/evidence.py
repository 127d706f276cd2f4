"""What the checks read: one run of each experiment, or all of their runs."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cifar_kedro.evaluation.chance import estimate_mean
from cifar_kedro.evaluation.runs import Run
from cifar_kedro.evaluation.significance import (
    SIGNIFICANCE,
    Interval,
    wilson_interval,
)


@dataclass(frozen=True)
class Accuracy:
    """A test accuracy, a fraction, with its interval."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class Difference:
    """How much more accurate an experiment is than its baseline, in points.

    Attributes:
        points: Our difference.
        interval: Its interval.
        significant: Whether it is no chance.
        test: The p-value that says so, in words; empty if the interval does.
        reported: The original report's difference; None of one's own experiments.
        reach: How far the reported one may lie from ours by chance.
    """

    points: float
    interval: Interval
    significant: bool
    test: str
    reported: float | None
    reach: float

    @property
    def raised(self) -> bool:
        """Whether it is a significant gain."""
        return self.significant and self.points > 0


class Evidence(ABC):
    """What a check of accuracies reads."""

    @abstractmethod
    def measure(self, experiment: str) -> Accuracy:
        """Give the accuracy of an experiment."""

    @abstractmethod
    def compare(self, baseline: str, experiment: str) -> Difference:
        """Give the difference of two, in whichever direction it was made."""


@dataclass(frozen=True)
class OneSeed(Evidence):
    """A run of each experiment: images are the only chance that it shows.

    Attributes:
        runs: By experiment.
        comparisons: The compared pairs of all runs.
    """

    runs: dict[str, Run]
    comparisons: pd.DataFrame

    def measure(self, experiment: str) -> Accuracy:
        """Give the run's accuracy, with Wilson's interval."""
        right = self.runs[experiment].correct()
        interval = wilson_interval(int(right.sum()), len(right))
        return Accuracy(float(right.mean()), interval)

    def compare(self, baseline: str, experiment: str) -> Difference:
        """Give the difference of two runs, by the paired bootstrap and McNemar's test."""
        rows, sign = _find_pair(self.comparisons, baseline, experiment)
        (row,) = [row for row in rows if self._is_of_these_runs(row)]
        low, high = sorted(sign * row[f"{end}_points"] for end in ("low", "high"))
        p_value = row["p_value_holm"]
        reported = _reported(row, sign)
        # NaN of one's own experiments, which have no such figure to lie in reach.
        error = math.nan if reported is None else row["reported_error_points"]
        return Difference(
            sign * row["difference_points"],
            Interval(low, high),
            p_value < SIGNIFICANCE,
            "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}",
            reported,
            math.hypot((high - low) / 2, error),
        )

    def _is_of_these_runs(self, row: dict[str, Any]) -> bool:
        seeds = row["baseline_seed"], row["seed"]
        runs = self.runs[row["baseline"]], self.runs[row["experiment"]]
        return seeds == tuple(run.seed for run in runs)


@dataclass(frozen=True)
class AllSeeds(Evidence):
    """All complete runs of each experiment, enough to see both sources of chance.

    Attributes:
        runs: By experiment, tested on the same images.
        comparisons: The compared pairs of all runs.
    """

    runs: dict[str, list[Run]]
    comparisons: pd.DataFrame

    def measure(self, experiment: str) -> Accuracy:
        """Give the mean accuracy, with its interval over trainings and images."""
        right = np.stack([run.correct() for run in self.runs[experiment]])
        estimate = estimate_mean(right)
        return Accuracy(estimate.value, estimate.interval)

    def compare(self, baseline: str, experiment: str) -> Difference:
        """Give the difference of the means, with its interval over trainings and images.

        The original report's is that of one further pair of trainings, tested on the same
        images.
        """
        (row, *_), sign = _find_pair(self.comparisons, baseline, experiment)
        ends = (sign * row[f"mean_{end}_points"] for end in ("low", "high"))
        interval = Interval(*sorted(ends))
        return Difference(
            sign * row["mean_points"],
            interval,
            not interval.contains(0),
            "",
            _reported(row, sign),
            row["further_points"],
        )


def _find_pair(
    comparisons: pd.DataFrame, baseline: str, experiment: str
) -> tuple[list[dict[str, Any]], int]:
    """Find the rows of a pair, and -1 if it was compared the other way round, else 1."""
    pairs = comparisons.groupby(["baseline", "experiment"]).groups
    for pair, sign in (((baseline, experiment), 1), ((experiment, baseline), -1)):
        if pair in pairs:
            return comparisons.loc[pairs[pair]].to_dict("records"), sign
    raise KeyError(f"{baseline} and {experiment} were not compared.")


def _reported(row: dict[str, Any], sign: int) -> float | None:
    """Give the original report's difference; it has none of one's own experiments."""
    reported = row["reported_points"]
    return None if pd.isna(reported) else sign * reported
