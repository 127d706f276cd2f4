"""Tests of single statements about trainings: the parts that the report's claims have.

What words like over-fitting mean is defined here, and stated on the page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cifar_kedro.evaluation.runs import Run
from cifar_kedro.evaluation.significance import Interval

# What the page says that these words mean.
LOW_TRAIN_ACCURACY = 0.80
CONVERGED_TRAIN_ACCURACY = 0.98
HEAVY_GAP = 0.10
SAME_GAP = 0.01
LOSS_RISE = 0.10


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
                return {
                    **row,
                    "difference_points": sign * row["difference_points"],
                    "interval": Interval(*ends),
                    "reported_points": sign * row["reported_points"],
                }
        raise KeyError(f"{baseline} and {experiment} were not compared.")


@dataclass(frozen=True)
class Check:
    """One testable part of a claim.

    Attributes:
        experiments: What must have run.
        rule: When it holds, in words.
        judge: The rule.
    """

    experiments: tuple[str, ...]
    rule: str
    judge: Callable[[Evidence], Finding]


_COLUMNS = {"accuracy": "train accuracy", "val_loss": "val_loss"}


# --- Definitions -----------------------------------------------------------------------


def train_accuracy(run: Run) -> float:
    """Give the accuracy on train in the last epoch.

    The running mean over the epoch's batches, with dropout and augmentation in effect:
    what Keras shows, and the report's figure.
    """
    return float(run.history["accuracy"].iloc[-1])


def gap(run: Run) -> float:
    """Measure over-fitting: accuracy on train less that on validation, last epoch."""
    return train_accuracy(run) - float(run.history["val_accuracy"].iloc[-1])


def second_half(history: pd.DataFrame) -> pd.DataFrame:
    """Give the later half of the epochs; the middle one of an odd number included."""
    return history.iloc[len(history) // 2 :]


def unsteadiness(run: Run, column: str) -> float:
    """Give by how much the changes from epoch to epoch differ, in the later half.

    The median of the absolute second differences: a steady rise or fall has none.
    """
    changes = run.history[column].diff()
    return float(changes.diff().abs().iloc[len(changes) // 2 :].median())


# --- Checks on one training ------------------------------------------------------------


def train_accuracy_below(experiment: str, bound: float) -> Check:
    """Hold if the network does not even learn the training images."""

    def judge(evidence: Evidence) -> Finding:
        value = train_accuracy(evidence.runs[experiment])
        return Finding(value < bound, f"train accuracy {value:.3f}")

    rule = f"{experiment}: train accuracy in the last epoch below {bound:.2f}"
    return Check((experiment,), rule, judge)


def train_accuracy_from(experiment: str, bound: float) -> Check:
    """Hold if the network learns the training images nearly by heart."""

    def judge(evidence: Evidence) -> Finding:
        value = train_accuracy(evidence.runs[experiment])
        return Finding(value >= bound, f"train accuracy {value:.3f}")

    rule = f"{experiment}: train accuracy in the last epoch at least {bound:.2f}"
    return Check((experiment,), rule, judge)


def heavy_overfitting(experiment: str) -> Check:
    """Hold if train and validation end far apart."""

    def judge(evidence: Evidence) -> Finding:
        value = gap(evidence.runs[experiment])
        return Finding(value >= HEAVY_GAP, f"gap {100 * value:.1f} points")

    rule = f"{experiment}: gap at least {100 * HEAVY_GAP:.0f} points"
    return Check((experiment,), rule, judge)


def validation_loss_rises(experiment: str) -> Check:
    """Hold if the validation loss falls to a minimum and ends well above it."""

    def judge(evidence: Evidence) -> Finding:
        losses = evidence.runs[experiment].history["val_loss"].reset_index(drop=True)
        lowest, last = float(losses.min()), float(losses.iloc[-1])
        fell = int(losses.idxmin()) > 0
        return Finding(
            fell and last >= (1 + LOSS_RISE) * lowest,
            f"val_loss {losses.iloc[0]:.2f}, lowest {lowest:.2f} in epoch "
            f"{losses.idxmin() + 1}, at the end {last:.2f}",
        )

    rule = (
        f"{experiment}: lowest val_loss after the first epoch, and at least "
        f"{100 * LOSS_RISE:.0f} % more at the end"
    )
    return Check((experiment,), rule, judge)


def validation_beats_train(experiment: str) -> Check:
    """Hold if validation accuracy is mostly the higher one, once training settles."""

    def judge(evidence: Evidence) -> Finding:
        half = second_half(evidence.runs[experiment].history)
        share = float((half["val_accuracy"] > half["accuracy"]).mean())
        return Finding(
            share > 0.5, f"higher in {100 * share:.0f} % of the later epochs"
        )

    rule = f"{experiment}: validation accuracy above train's in most later epochs"
    return Check((experiment,), rule, judge)


# --- Checks on two trainings -----------------------------------------------------------


def steadier(baseline: str, experiment: str, column: str) -> Check:
    """Hold if a column of the history wavers less from epoch to epoch."""

    def judge(evidence: Evidence) -> Finding:
        before, after = (
            unsteadiness(evidence.runs[name], column) for name in (baseline, experiment)
        )
        figures = f"{_COLUMNS[column]} wavers by {before:.4f}, then {after:.4f}"
        return Finding(after < before, figures)

    rule = f"{experiment}: {_COLUMNS[column]} steadier than {baseline}'s"
    return Check((baseline, experiment), rule, judge)


def smaller_gap(baseline: str, experiment: str) -> Check:
    """Hold if over-fitting is clearly reduced."""

    def judge(evidence: Evidence) -> Finding:
        before, after = (gap(evidence.runs[name]) for name in (baseline, experiment))
        return Finding(before - after > SAME_GAP, _gaps(before, after))

    rule = f"{experiment}: gap more than {100 * SAME_GAP:.0f} point below {baseline}'s"
    return Check((baseline, experiment), rule, judge)


def gap_not_smaller(baseline: str, experiment: str) -> Check:
    """Hold if over-fitting is not clearly reduced."""

    def judge(evidence: Evidence) -> Finding:
        before, after = (gap(evidence.runs[name]) for name in (baseline, experiment))
        return Finding(before - after <= SAME_GAP, _gaps(before, after))

    rule = f"{experiment}: gap at most {100 * SAME_GAP:.0f} point below {baseline}'s"
    return Check((baseline, experiment), rule, judge)


def _gaps(before: float, after: float) -> str:
    return f"gap {100 * before:.1f}, then {100 * after:.1f} points"
