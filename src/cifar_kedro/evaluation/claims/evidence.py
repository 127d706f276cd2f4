"""What the checks read: one run of each experiment, or all its complete runs."""

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
        significant: Whether it is statistically significant.
        test: The p-value that decides it, in words. Empty if the interval decides it.
        reported: The original report's difference. None unless it has both experiments.
        reach: How far the original report's difference may lie from ours by chance.
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
        """Give the difference of two experiments, whichever way they were compared."""


@dataclass(frozen=True)
class OneSeed(Evidence):
    """One run of each experiment. It shows the chance of the images alone.

    Attributes:
        runs: One run by experiment.
        comparisons: The compared pairs of all runs.
    """

    runs: dict[str, Run]
    comparisons: pd.DataFrame

    def measure(self, experiment: str) -> Accuracy:
        """Give the run's accuracy, with Wilson's interval."""
        correct = self.runs[experiment].correct()
        interval = wilson_interval(int(correct.sum()), len(correct))
        return Accuracy(float(correct.mean()), interval)

    def compare(self, baseline: str, experiment: str) -> Difference:
        """Give the difference of two runs, by the paired bootstrap and McNemar's test."""
        rows, sign = _find_pair(self.comparisons, baseline, experiment)
        (row,) = [row for row in rows if self._is_of_these_runs(row)]
        low, high = sorted(sign * row[f"{end}_points"] for end in ("low", "high"))
        p_value = row["p_value_holm"]
        reported = _reported(row, sign)
        # Without the original report's difference, no distance to it can be judged.
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
    """All complete runs of each experiment. They show both sources of chance.

    Attributes:
        runs: The runs by experiment, tested on the same images.
        comparisons: The compared pairs of all runs.
    """

    runs: dict[str, list[Run]]
    comparisons: pd.DataFrame

    def measure(self, experiment: str) -> Accuracy:
        """Give the mean accuracy, with its interval over trainings and images."""
        correct = np.stack([run.correct() for run in self.runs[experiment]])
        estimate = estimate_mean(correct)
        return Accuracy(estimate.value, estimate.interval)

    def compare(self, baseline: str, experiment: str) -> Difference:
        """Give the difference of the means, with its interval over trainings and images.

        The original report's difference counts as one further pair of trainings, tested on
        the same images.
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
    """Find the rows of a pair, and its sign: -1 if it was compared the other way round."""
    pairs = comparisons.groupby(["baseline", "experiment"]).groups
    for pair, sign in (((baseline, experiment), 1), ((experiment, baseline), -1)):
        if pair in pairs:
            return comparisons.loc[pairs[pair]].to_dict("records"), sign
    raise KeyError(f"{baseline} and {experiment} were not compared.")


def _reported(row: dict[str, Any], sign: int) -> float | None:
    """Give the original report's difference, or None if it does not have both."""
    reported = row["reported_points"]
    return None if pd.isna(reported) else sign * reported
