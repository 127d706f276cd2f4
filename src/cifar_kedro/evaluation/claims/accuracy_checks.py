"""Checks of the accuracies on the test images."""

import math
from typing import Any, Literal

from pydantic import Field

from cifar_kedro.evaluation.claims.check import (
    Check,
    CheckOfOne,
    CheckOfTwo,
    Evidence,
    Finding,
)
from cifar_kedro.evaluation.runs import Run
from cifar_kedro.evaluation.significance import Interval, wilson_interval

# As on the page.
SAME_POINTS = 1.0
SIGNIFICANCE = 0.05


class ChangesAccuracy(CheckOfTwo):
    """Holds if accuracy changes in the original report's direction, and by its size.

    The interval of our difference is widened by the original report's sampling error. It
    decides against the claim only together with the test. A difference in the claimed
    direction, but of another size, stays undecided: two trainings of the same experiment
    may differ by a point.
    """

    check: Literal["changes_accuracy"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.baseline} to {self.experiment}: a significant difference (McNemar, "
            "Holm) of the report's sign and size"
        )

    def judge(self, evidence: Evidence) -> Finding:
        """Compare our difference with the reported one."""
        pair = evidence.compared(self.baseline, self.experiment)
        ours, reported = pair["difference_points"], pair["reported_points"]
        if reported is None:
            return Finding(
                None, "no reported size to compare with: see raises_accuracy"
            )
        low, high = pair["interval"]
        half_width = math.hypot((high - low) / 2, pair["reported_error_points"])
        compatible = abs(ours - reported) <= half_width
        significant = pair["p_value_holm"] < SIGNIFICANCE
        as_claimed = significant and ours * reported > 0
        opposite = significant and ours * reported < 0
        figures = f"{_points(pair)}, {_p_value(pair)}, the report's {reported:+.1f} "
        figures += f"{'within' if compatible else 'not within'} {half_width:.1f} of it"
        if as_claimed:
            return Finding(True if compatible else None, figures)
        return Finding(False if opposite or not compatible else None, figures)


class RaisesAccuracy(CheckOfTwo):
    """Holds if accuracy rises significantly; fails if the interval ends below zero."""

    check: Literal["raises_accuracy"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.baseline} to {self.experiment}: a significant gain (McNemar, Holm) "
            "(contradicted if the interval of the difference lies below zero)"
        )

    def judge(self, evidence: Evidence) -> Finding:
        """Read sign, test and interval of the difference."""
        pair = evidence.compared(self.baseline, self.experiment)
        raised = pair["p_value_holm"] < SIGNIFICANCE and pair["difference_points"] > 0
        holds = _decide(raised, pair["interval"].high < 0)
        return Finding(holds, f"{_points(pair)}, {_p_value(pair)}")


class SameAccuracy(CheckOfTwo):
    """Holds if the whole interval of the difference is small."""

    check: Literal["same_accuracy"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.baseline} to {self.experiment}: the interval of the difference "
            f"within {SAME_POINTS:.0f} point of zero (contradicted if wholly outside)"
        )

    def judge(self, evidence: Evidence) -> Finding:
        """Place the interval."""
        pair = evidence.compared(self.baseline, self.experiment)
        low, high = pair["interval"]
        inside = -SAME_POINTS < low and high < SAME_POINTS
        outside = low > SAME_POINTS or high < -SAME_POINTS
        return Finding(_decide(inside, outside), _points(pair))


class AccuracyNotRaised(CheckOfTwo):
    """Holds if the interval of the difference ends below a relevant gain."""

    check: Literal["accuracy_not_raised"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.baseline} to {self.experiment}: the interval of the difference below "
            f"+{SAME_POINTS:.0f} point, and no significant gain (contradicted if neither)"
        )

    def judge(self, evidence: Evidence) -> Finding:
        """Read test and interval of the difference."""
        pair = evidence.compared(self.baseline, self.experiment)
        raised = pair["p_value_holm"] < SIGNIFICANCE and pair["difference_points"] > 0
        not_raised = pair["interval"].high < SAME_POINTS
        return Finding(
            _decide(not_raised and not raised, raised and not not_raised),
            f"{_points(pair)}, {_p_value(pair)}",
        )


class AccuracyAbove(CheckOfOne):
    """Holds if the whole interval of the test accuracy lies above a level.

    Attributes:
        level: A fraction.
    """

    check: Literal["accuracy_above"]
    level: float = Field(gt=0, lt=1)

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.experiment}: Wilson interval of the test accuracy above "
            f"{100 * self.level:.0f} %"
        )

    def judge(self, evidence: Evidence) -> Finding:
        """Place the interval."""
        accuracy, interval = _accuracy(evidence.runs[self.experiment])
        holds = _decide(interval.low > self.level, interval.high < self.level)
        return Finding(holds, f"{self.experiment} {_per_cent(accuracy, interval)}")


class OthersBelow(Check):
    """Holds if the intervals of all these test accuracies lie below a level.

    Attributes:
        experiments: All that are meant.
        level: A fraction.
    """

    check: Literal["others_below"]
    experiments: list[str] = Field(min_length=1)
    level: float = Field(gt=0, lt=1)

    @property
    def needs(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self.experiments)

    @property
    def rule(self) -> str:
        """When it holds."""
        return f"every other: Wilson interval below {100 * self.level:.0f} %"

    def judge(self, evidence: Evidence) -> Finding:
        """Place every interval."""
        accuracies = {name: _accuracy(evidence.runs[name]) for name in self.experiments}
        above = [n for n, (_, i) in accuracies.items() if i.low > self.level]
        below = all(i.high < self.level for _, i in accuracies.values())
        best = max(accuracies, key=lambda name: accuracies[name][0])
        figures = f"best other: {best} {_per_cent(*accuracies[best])}"
        return Finding(_decide(below, bool(above)), figures)


def _decide(holds: bool, fails: bool) -> bool | None:
    return True if holds else False if fails else None


def _accuracy(run: Run) -> tuple[float, Interval]:
    right = run.right()
    return float(right.mean()), wilson_interval(int(right.sum()), len(right))


def _per_cent(accuracy: float, interval: Interval) -> str:
    return (
        f"{100 * accuracy:.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"
    )


def _points(pair: dict[str, Any]) -> str:
    low, high = pair["interval"]
    return f"{pair['difference_points']:+.1f} points [{low:+.1f}, {high:+.1f}]"


def _p_value(pair: dict[str, Any]) -> str:
    value = pair["p_value_holm"]
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
