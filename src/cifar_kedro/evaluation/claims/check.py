"""What every check of a claim is, reads and finds."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cifar_kedro.config.base import Strict
from cifar_kedro.evaluation.runs import Run
from cifar_kedro.evaluation.significance import Interval


@dataclass(frozen=True)
class Finding:
    """What a check found: whether it holds (None: undecided), and our figures."""

    holds: bool | None
    figures: str


@dataclass(frozen=True)
class Evidence:
    """What the checks read: a run per experiment, and the compared pairs of all runs."""

    runs: dict[str, Run]
    comparisons: pd.DataFrame

    def compared(self, baseline: str, experiment: str) -> dict[str, Any]:
        """Give the comparison of two of the runs, in whichever direction it was made."""
        columns = ["baseline", "baseline_seed", "experiment", "seed"]
        table = self.comparisons.set_index(columns)
        for pair, sign in (((baseline, experiment), 1), ((experiment, baseline), -1)):
            key = tuple(part for name in pair for part in (name, self.runs[name].seed))
            if key in table.index:
                row = table.loc[key].to_dict()
                ends = sorted([sign * row["low_points"], sign * row["high_points"]])
                reported = row["reported_points"]  # of one's own experiments: missing
                return {
                    **row,
                    "difference_points": sign * row["difference_points"],
                    "interval": Interval(*ends),
                    "reported_points": None if pd.isna(reported) else sign * reported,
                }
        raise KeyError(f"{baseline} and {experiment} were not compared.")


class Check(Strict, ABC):
    """One testable part of a claim, with its arguments.

    Attributes:
        check: Which check it is; each class has a name of its own.
    """

    check: str

    @property
    @abstractmethod
    def needs(self) -> tuple[str, ...]:
        """The experiments that must have run."""

    @property
    @abstractmethod
    def rule(self) -> str:
        """When it holds, in words."""

    @abstractmethod
    def judge(self, evidence: Evidence) -> Finding:
        """Decide whether it holds for one run of each experiment."""


class CheckOfOne(Check):
    """A check of one experiment.

    Attributes:
        experiment: Its name.
    """

    experiment: str

    @property
    def needs(self) -> tuple[str, ...]:
        """The experiment."""
        return (self.experiment,)


class CheckOfTwo(Check):
    """A check of an experiment against a baseline.

    Attributes:
        baseline: The experiment to compare with.
        experiment: The one that is compared.
    """

    baseline: str
    experiment: str

    @property
    def needs(self) -> tuple[str, ...]:
        """Baseline and experiment."""
        return (self.baseline, self.experiment)
