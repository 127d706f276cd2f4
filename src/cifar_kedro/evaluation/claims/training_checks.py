"""Checks of the trainings' histories.

Words such as over-fitting are defined here. The report page prints the definitions.
"""

from typing import Literal

import pandas as pd
from pydantic import Field

from cifar_kedro.evaluation.claims.check import CheckOfOne, CheckOfTwo, Finding
from cifar_kedro.evaluation.claims.evidence import OneSeed
from cifar_kedro.evaluation.runs import Run

# The report page prints these bounds.
HEAVY_GAP = 0.10
SAME_GAP = 0.01
LOSS_RISE = 0.10

_COLUMNS = {"accuracy": "train accuracy", "val_loss": "val_loss"}


# --- Definitions -----------------------------------------------------------------------


def train_accuracy(run: Run) -> float:
    """Give the accuracy on train in the last epoch.

    It is the running mean over the epoch's batches, with dropout and augmentation. Keras
    shows this figure, and the original report prints it.
    """
    return float(run.history["accuracy"].iloc[-1])


def gap(run: Run) -> float:
    """Measure over-fitting: train accuracy less validation accuracy, in the last epoch."""
    return train_accuracy(run) - float(run.history["val_accuracy"].iloc[-1])


def second_half(history: pd.DataFrame) -> pd.DataFrame:
    """Give the later half of the epochs. An odd number includes the middle one."""
    return history.iloc[len(history) // 2 :]


def unsteadiness(run: Run, column: str) -> float:
    """Measure how much the changes from epoch to epoch differ, in the later half.

    It is the median of the absolute second differences. A steady rise or fall has none.
    """
    changes = run.history[column].diff()
    return float(changes.diff().abs().iloc[len(changes) // 2 :].median())


# --- Checks of one training ------------------------------------------------------------


class TrainAccuracyBelow(CheckOfOne):
    """Holds if the network does not learn even the training images.

    Attributes:
        bound: A fraction.
    """

    check: Literal["train_accuracy_below"]
    bound: float = Field(gt=0, le=1)

    @property
    def rule(self) -> str:
        """When it holds."""
        return f"{self.experiment}: train accuracy in the last epoch below {self.bound:.2f}"

    def judge(self, evidence: OneSeed) -> Finding:
        """Read the last epoch."""
        value = train_accuracy(evidence.runs[self.experiment])
        return Finding(value < self.bound, f"train accuracy {value:.3f}")


class TrainAccuracyFrom(CheckOfOne):
    """Holds if the network learns the training images to this accuracy.

    Attributes:
        bound: A fraction.
    """

    check: Literal["train_accuracy_from"]
    bound: float = Field(gt=0, le=1)

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.experiment}: train accuracy in the last epoch at least "
            f"{self.bound:.2f}"
        )

    def judge(self, evidence: OneSeed) -> Finding:
        """Read the last epoch."""
        value = train_accuracy(evidence.runs[self.experiment])
        return Finding(value >= self.bound, f"train accuracy {value:.3f}")


class HeavyOverfitting(CheckOfOne):
    """Holds if train accuracy ends far above validation accuracy."""

    check: Literal["heavy_overfitting"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return f"{self.experiment}: gap at least {100 * HEAVY_GAP:.0f} points"

    def judge(self, evidence: OneSeed) -> Finding:
        """Read the gap of the last epoch."""
        value = gap(evidence.runs[self.experiment])
        return Finding(value >= HEAVY_GAP, f"gap {100 * value:.1f} points")


class ValidationLossRises(CheckOfOne):
    """Holds if the validation loss falls to a minimum and ends well above it."""

    check: Literal["validation_loss_rises"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.experiment}: lowest val_loss after the first epoch, and at least "
            f"{100 * LOSS_RISE:.0f} % more at the end"
        )

    def judge(self, evidence: OneSeed) -> Finding:
        """Compare first, lowest and last loss."""
        history = evidence.runs[self.experiment].history
        losses = history["val_loss"].reset_index(drop=True)
        lowest, last = float(losses.min()), float(losses.iloc[-1])
        fell = int(losses.idxmin()) > 0
        return Finding(
            fell and last >= (1 + LOSS_RISE) * lowest,
            f"val_loss {losses.iloc[0]:.2f}, lowest {lowest:.2f} in epoch "
            f"{losses.idxmin() + 1}, at the end {last:.2f}",
        )


class ValidationBeatsTrain(CheckOfOne):
    """Holds if validation accuracy is above train accuracy in most later epochs."""

    check: Literal["validation_beats_train"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.experiment}: validation accuracy above train's in most later epochs"
        )

    def judge(self, evidence: OneSeed) -> Finding:
        """Count the later epochs."""
        half = second_half(evidence.runs[self.experiment].history)
        share = float((half["val_accuracy"] > half["accuracy"]).mean())
        return Finding(
            share > 0.5, f"higher in {100 * share:.0f} % of the later epochs"
        )


# --- Checks of two trainings -----------------------------------------------------------


class Steadier(CheckOfTwo):
    """Holds if a column of the history is steadier than the baseline's.

    Attributes:
        column: Which column of the history.
    """

    check: Literal["steadier"]
    column: Literal["accuracy", "val_loss"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.experiment}: {_COLUMNS[self.column]} steadier than "
            f"{self.baseline}'s"
        )

    def judge(self, evidence: OneSeed) -> Finding:
        """Compare the unsteadiness of both."""
        before, after = (
            unsteadiness(evidence.runs[name], self.column) for name in self.needs
        )
        figures = f"{_COLUMNS[self.column]} wavers by {before:.4f}, then {after:.4f}"
        return Finding(after < before, figures)


class SmallerGap(CheckOfTwo):
    """Holds if over-fitting is clearly reduced."""

    check: Literal["smaller_gap"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.experiment}: gap more than {100 * SAME_GAP:.0f} point below "
            f"{self.baseline}'s"
        )

    def judge(self, evidence: OneSeed) -> Finding:
        """Compare both gaps."""
        before, after = (gap(evidence.runs[name]) for name in self.needs)
        return Finding(before - after > SAME_GAP, _gaps(before, after))


class GapNotSmaller(CheckOfTwo):
    """Holds if over-fitting is not clearly reduced."""

    check: Literal["gap_not_smaller"]

    @property
    def rule(self) -> str:
        """When it holds."""
        return (
            f"{self.experiment}: gap at most {100 * SAME_GAP:.0f} point below "
            f"{self.baseline}'s"
        )

    def judge(self, evidence: OneSeed) -> Finding:
        """Compare both gaps."""
        before, after = (gap(evidence.runs[name]) for name in self.needs)
        return Finding(before - after <= SAME_GAP, _gaps(before, after))


def _gaps(before: float, after: float) -> str:
    return f"gap {100 * before:.1f}, then {100 * after:.1f} points"
