"""Tests of statements about accuracies on the test images; see `cifar_kedro.evaluation.claims.training_checks`."""

import math
from typing import Any

from cifar_kedro.evaluation.claims.training_checks import Check, Evidence, Finding
from cifar_kedro.evaluation.runs import Run
from cifar_kedro.evaluation.significance import Interval, wilson_interval

# As on the page.
SAME_POINTS = 1.0
SIGNIFICANCE = 0.05


def changes_accuracy(baseline: str, experiment: str) -> Check:
    """Hold if accuracy changes in the report's direction, and by the report's size.

    The interval of our difference is widened by the report's own sampling error. It
    decides against the claim only together with the test: a difference in the claimed
    direction, but of another size, stays undecided, as two trainings of the same
    experiment may differ by a point.
    """

    def judge(evidence: Evidence) -> Finding:
        pair = evidence.compared(baseline, experiment)
        ours, reported = pair["difference_points"], pair["reported_points"]
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

    rule = (
        f"{baseline} to {experiment}: a significant difference (McNemar, Holm) of the "
        "report's sign and size"
    )
    return Check((baseline, experiment), rule, judge)


def same_accuracy(baseline: str, experiment: str) -> Check:
    """Hold if the whole interval of the difference is small."""

    def judge(evidence: Evidence) -> Finding:
        pair = evidence.compared(baseline, experiment)
        low, high = pair["interval"]
        inside = -SAME_POINTS < low and high < SAME_POINTS
        outside = low > SAME_POINTS or high < -SAME_POINTS
        return Finding(_decide(inside, outside), _points(pair))

    rule = (
        f"{baseline} to {experiment}: the interval of the difference within "
        f"{SAME_POINTS:.0f} point of zero (contradicted if wholly outside)"
    )
    return Check((baseline, experiment), rule, judge)


def accuracy_not_raised(baseline: str, experiment: str) -> Check:
    """Hold if the interval of the difference ends below a relevant gain."""

    def judge(evidence: Evidence) -> Finding:
        pair = evidence.compared(baseline, experiment)
        raised = pair["p_value_holm"] < SIGNIFICANCE and pair["difference_points"] > 0
        not_raised = pair["interval"].high < SAME_POINTS
        return Finding(
            _decide(not_raised and not raised, raised and not not_raised),
            f"{_points(pair)}, {_p_value(pair)}",
        )

    rule = (
        f"{baseline} to {experiment}: the interval of the difference below "
        f"+{SAME_POINTS:.0f} point, and no significant gain (contradicted if neither)"
    )
    return Check((baseline, experiment), rule, judge)


def accuracy_above(experiment: str, level: float) -> Check:
    """Hold if the whole interval of the test accuracy lies above a level."""

    def judge(evidence: Evidence) -> Finding:
        accuracy, interval = _accuracy(evidence.runs[experiment])
        holds = _decide(interval.low > level, interval.high < level)
        return Finding(holds, f"{experiment} {_per_cent(accuracy, interval)}")

    rule = (
        f"{experiment}: Wilson interval of the test accuracy above {100 * level:.0f} %"
    )
    return Check((experiment,), rule, judge)


def others_below(experiments: tuple[str, ...], level: float) -> Check:
    """Hold if the intervals of all test accuracies lie below a level."""

    def judge(evidence: Evidence) -> Finding:
        accuracies = {name: _accuracy(evidence.runs[name]) for name in experiments}
        above = [n for n, (_, i) in accuracies.items() if i.low > level]
        below = all(i.high < level for _, i in accuracies.values())
        best = max(accuracies, key=lambda name: accuracies[name][0])
        figures = f"best other: {best} {_per_cent(*accuracies[best])}"
        return Finding(_decide(below, bool(above)), figures)

    return Check(
        experiments, f"every other: Wilson interval below {100 * level:.0f} %", judge
    )


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
