"""Checks of the accuracies on the test images."""

from typing import Literal

from pydantic import Field

from cifar_kedro.evaluation.claims.check import Check, CheckOfOne, CheckOfTwo, Finding
from cifar_kedro.evaluation.claims.evidence import Accuracy, Difference, Evidence

# The report page prints it.
SAME_POINTS = 1.0


class ChangesAccuracy(CheckOfTwo):
    """Holds if accuracy changes in the original report's direction, and by its size.

    The sizes agree if chance alone can explain the distance between the two differences.
    Suppose that they do not agree. Then a difference that is not significant fails. A
    significant one in the claimed direction is undecided, because two trainings of the same
    experiment may differ by a point. A significant one in the other direction fails.
    """

    check: Literal["changes_accuracy"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.baseline} to {self.experiment}: a significant difference of the "
            "original report's sign and size"
        )

    def judge(self, evidence: Evidence) -> Finding:
        """Compare our difference with the reported one."""
        ours = evidence.compare(self.baseline, self.experiment)
        reported = ours.reported
        if reported is None:
            return Finding(
                None, "the original report has no such difference: use raises_accuracy"
            )
        compatible = abs(ours.points - reported) <= ours.reach
        as_claimed = ours.significant and ours.points * reported > 0
        opposite = ours.significant and ours.points * reported < 0
        figures = f"{_tested(ours)}, the original report's {reported:+.1f} "
        figures += f"{'within' if compatible else 'not within'} {ours.reach:.1f} of it"
        if as_claimed:
            return Finding(True if compatible else None, figures)
        return Finding(False if opposite or not compatible else None, figures)


class RaisesAccuracy(CheckOfTwo):
    """Holds if accuracy rises significantly. Fails if the interval ends below zero."""

    check: Literal["raises_accuracy"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.baseline} to {self.experiment}: a significant gain "
            "(fails if the interval of the difference lies below zero)"
        )

    def judge(self, evidence: Evidence) -> Finding:
        """Read sign, test and interval of the difference."""
        ours = evidence.compare(self.baseline, self.experiment)
        holds = _decide(ours.raised, ours.interval.high < 0)
        return Finding(holds, _tested(ours))


class SameAccuracy(CheckOfTwo):
    """Holds if the whole interval of the difference is small."""

    check: Literal["same_accuracy"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.baseline} to {self.experiment}: the interval of the difference "
            f"within {SAME_POINTS:.0f} point of zero (fails if wholly outside)"
        )

    def judge(self, evidence: Evidence) -> Finding:
        """Place the interval."""
        ours = evidence.compare(self.baseline, self.experiment)
        low, high = ours.interval
        inside = -SAME_POINTS < low and high < SAME_POINTS
        outside = low > SAME_POINTS or high < -SAME_POINTS
        return Finding(_decide(inside, outside), _points(ours))


class AccuracyNotRaised(CheckOfTwo):
    """Holds if no gain is significant, and the interval ends below a relevant gain."""

    check: Literal["accuracy_not_raised"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.baseline} to {self.experiment}: the interval of the difference below "
            f"+{SAME_POINTS:.0f} point, and no significant gain (fails if neither)"
        )

    def judge(self, evidence: Evidence) -> Finding:
        """Read test and interval of the difference."""
        ours = evidence.compare(self.baseline, self.experiment)
        not_raised = ours.interval.high < SAME_POINTS
        return Finding(
            _decide(not_raised and not ours.raised, ours.raised and not not_raised),
            _tested(ours),
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
            f"{self.experiment}: the interval of the test accuracy above "
            f"{100 * self.level:.0f} %"
        )

    def judge(self, evidence: Evidence) -> Finding:
        """Place the interval."""
        ours = evidence.measure(self.experiment)
        low, high = ours.interval
        holds = _decide(low > self.level, high < self.level)
        return Finding(holds, f"{self.experiment} {_per_cent(ours)}")


class OthersBelow(Check):
    """Holds if the intervals of all these test accuracies lie below a level.

    Attributes:
        experiments: Their names.
        level: A fraction.
    """

    check: Literal["others_below"]
    experiments: list[str] = Field(min_length=1)
    level: float = Field(gt=0, lt=1)

    @property
    def needs(self) -> tuple[str, ...]:
        """All these experiments."""
        return tuple(self.experiments)

    @property
    def rule(self) -> str:
        """When it holds."""
        return f"every other: the interval below {100 * self.level:.0f} %"

    def judge(self, evidence: Evidence) -> Finding:
        """Place every interval."""
        accuracies = {name: evidence.measure(name) for name in self.experiments}
        above = any(a.interval.low > self.level for a in accuracies.values())
        below = all(a.interval.high < self.level for a in accuracies.values())
        best = max(accuracies, key=lambda name: accuracies[name].value)
        figures = f"best other: {best} {_per_cent(accuracies[best])}"
        return Finding(_decide(below, above), figures)


AccuracyCheck = (
    ChangesAccuracy
    | RaisesAccuracy
    | SameAccuracy
    | AccuracyNotRaised
    | AccuracyAbove
    | OthersBelow
)


def _decide(holds: bool, fails: bool) -> bool | None:
    return True if holds else False if fails else None


def _per_cent(accuracy: Accuracy) -> str:
    low, high = accuracy.interval
    return f"{100 * accuracy.value:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def _points(difference: Difference) -> str:
    low, high = difference.interval
    return f"{difference.points:+.1f} points [{low:+.1f}, {high:+.1f}]"


def _tested(difference: Difference) -> str:
    return ", ".join(filter(None, [_points(difference), difference.test]))
