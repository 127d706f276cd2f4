"""The base classes of all checks of claims, and what a check finds."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from cifar_kedro.config.base import Strict
from cifar_kedro.evaluation.claims.evidence import OneSeed


@dataclass(frozen=True)
class Finding:
    """What a check found: whether it holds (None if undecided), and our figures."""

    holds: bool | None
    figures: str


class Check(Strict, ABC):
    """One testable part of a claim, with its arguments.

    Attributes:
        check: Which check it is. Each class has its own name.
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
    def judge(self, evidence: OneSeed) -> Finding:
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
        experiment: The experiment that is compared.
    """

    baseline: str
    experiment: str

    @property
    def needs(self) -> tuple[str, ...]:
        """Baseline and experiment."""
        return (self.baseline, self.experiment)
