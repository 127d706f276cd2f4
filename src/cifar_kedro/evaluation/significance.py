"""Statistics of classifiers that were tested on the same images.

The functions call scipy, statsmodels and scikit-learn. They import them late, because they
are heavy. All intervals cover 95 %. They are about trained networks, on images like the
test images. How much does a training differ from its repetition? `chance` answers that from
several seeds.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

CONFIDENCE = 0.95
TWO_SIDED = (1 + CONFIDENCE) / 2  # the quantile of a symmetric interval
SIGNIFICANCE = 0.05
ENOUGH_SEEDS = 3  # with fewer, nothing is confirmed or contradicted
RESAMPLES = 4999
CALIBRATION_BINS = 15


class Interval(NamedTuple):
    """The ends of a confidence interval."""

    low: float
    high: float

    def contains(self, value: float) -> bool:
        """Tell whether a value lies in the interval, its ends included."""
        return self.low <= value <= self.high


def normal_quantile() -> float:
    """Give half the width of an interval, in standard deviations that are known."""
    from scipy.stats import norm

    return float(norm.ppf(TWO_SIDED))


def wilson_interval(successes: int, trials: int) -> Interval:
    """Compute the interval of a proportion (Wilson, 1927).

    Args:
        successes: Number of successes.
        trials: Number of trials, at least 1.

    Returns:
        The interval, in fractions.
    """
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(successes, trials, 1 - CONFIDENCE, method="wilson")
    return Interval(float(low), float(high))


def mcnemar_p_value(first: np.ndarray, second: np.ndarray) -> float:
    """Test whether two classifiers are correct equally often (McNemar, 1947; exact).

    Args:
        first: Whether the first classifier is correct on each image, bool (n,).
        second: The same for the second, in the same order.

    Returns:
        The two-sided p-value of the exact binomial test. The test looks at the images on
        which exactly one classifier is correct.
    """
    from statsmodels.stats.contingency_tables import mcnemar

    table = [
        [np.sum(first & second), np.sum(first & ~second)],
        [np.sum(~first & second), np.sum(~first & ~second)],
    ]
    return float(mcnemar(table, exact=True).pvalue)


def difference_interval(first: np.ndarray, second: np.ndarray) -> Interval:
    """Compute the interval of an accuracy difference by the paired bootstrap.

    Images are drawn with replacement, 4,999 times. Each image keeps its pair of outcomes.
    The ends are percentiles. The draws are seeded, so the same data give the same interval.

    Args:
        first: Whether the first classifier is correct on each image, bool (n,).
        second: The same for the second, in the same order.

    Returns:
        The interval of the second's accuracy less the first's, in fractions.
    """
    from scipy.stats import bootstrap

    gains = second.astype(np.int8) - first.astype(np.int8)
    low, high = bootstrap(
        (gains,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=100,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Interval(float(low), float(high))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Adjust the p-values of a family of tests (Holm, 1979). Their order stays."""
    from statsmodels.stats.multitest import multipletests

    if not len(p_values):
        return np.empty(0)
    adjusted: np.ndarray = multipletests(p_values, method="holm")[1]
    return adjusted


def calibration_bins(probabilities: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Compare confidence and accuracy, bin by bin (Guo et al., 2017).

    Confidence is the probability of the prediction. The bins have equal widths and
    include their upper ends. With ten classes no confidence is below 0.1.

    Args:
        probabilities: Class probabilities, (n, classes).
        labels: The labels of the images, (n,).

    Returns:
        A row per bin. `low` and `high` are its ends. `count` is the number of its images.
        `confidence` is their mean confidence, and `accuracy` their accuracy. A bin without
        images has neither.
    """
    confidence = probabilities.max(axis=1).astype(float)
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    predictions = pd.DataFrame(
        {
            "bin": np.clip(np.searchsorted(edges, confidence) - 1, 0, None),
            "confidence": confidence,
            "correct": probabilities.argmax(axis=1) == labels,
        }
    )
    # In single precision the probabilities may sum to a little more than one.
    predictions["bin"] = predictions["bin"].clip(upper=CALIBRATION_BINS - 1)
    bins = predictions.groupby("bin").agg(
        count=("correct", "size"),
        confidence=("confidence", "mean"),
        accuracy=("correct", "mean"),
    )
    bins = bins.reindex(range(CALIBRATION_BINS))
    bins["count"] = bins["count"].fillna(0).astype(int)
    return bins.assign(low=edges[:-1], high=edges[1:]).reset_index(drop=True)


def expected_calibration_error(bins: pd.DataFrame) -> float:
    """Average the distance between confidence and accuracy over the images.

    Args:
        bins: What `calibration_bins` gives.

    Returns:
        The expected calibration error, a fraction.
    """
    distances = (bins["accuracy"] - bins["confidence"]).abs()
    return float((distances * bins["count"]).sum() / bins["count"].sum())


def class_accuracies(predicted: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Compute the accuracy on the images of each class, with its interval.

    Args:
        predicted: The predictions, (n,).
        labels: The labels of the images, (n,).

    Returns:
        A row per class that has images: `label`, `count`, `accuracy`, `low`, `high`.
    """
    rows = []
    for label in np.unique(labels):
        correct = predicted[labels == label] == label
        interval = wilson_interval(int(correct.sum()), len(correct))
        rows.append((int(label), len(correct), float(correct.mean()), *interval))
    return pd.DataFrame(rows, columns=["label", "count", "accuracy", "low", "high"])


def confusion_counts(
    predicted: np.ndarray, labels: np.ndarray, classes: int
) -> np.ndarray:
    """Count the images by label (row) and prediction (column), (classes, classes)."""
    from sklearn.metrics import confusion_matrix

    counts: np.ndarray = confusion_matrix(labels, predicted, labels=range(classes))
    return counts
