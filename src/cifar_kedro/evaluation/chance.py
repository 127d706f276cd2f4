"""Two sources of chance in a test accuracy: which training, and which test images.

Several trainings of an experiment, tested on the same images, separate the two. Trainings
differ in their accuracies. Images differ in how many trainings are correct on them.

docs/how-it-works/statistics.md says why the intervals are made this way.
``benchmarks/interval_coverage.py`` measures how often they contain the true value.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cifar_kedro.evaluation.significance import TWO_SIDED, Interval, normal_quantile


class Estimate(NamedTuple):
    """A mean over seeds, or a difference of two such means.

    Attributes:
        value: A fraction.
        interval: Where the true value may lie, over all such trainings and all such images.
        seeds_variance: The part of the variance of `value` that comes from the trainings.
        images_variance: The part that comes from the images.
    """

    value: float
    interval: Interval
    seeds_variance: float
    images_variance: float

    @property
    def seeds_share(self) -> float:
        """The trainings' share of the variance. It is NaN if nothing varies."""
        total = self.seeds_variance + self.images_variance
        return self.seeds_variance / total if total else math.nan


def estimate_mean(correct: np.ndarray) -> Estimate:
    """Estimate the mean accuracy of an experiment.

    Args:
        correct: Whether each training is correct on each image, bool (trainings, images).
            There are at least two of each.
    """
    return _estimate(correct.mean(axis=0), [correct])


def estimate_difference(first: np.ndarray, second: np.ndarray) -> Estimate:
    """Estimate the difference of two mean accuracies: the second's less the first's.

    Images are paired. Trainings are not, even if both experiments have the same seed. If
    the same seed made their trainings alike, the interval would be too wide.

    Args:
        first: As in `estimate_mean`.
        second: The same for the second experiment, on the same images in the same order.
    """
    return _estimate(second.mean(axis=0) - first.mean(axis=0), [first, second])


def further_half_width(*groups: np.ndarray) -> float:
    """Tell how far from the mean of its group a further training may lie (95 %).

    It is tested on the same images. Their choice moves it and the mean alike.

    Args:
        groups: The accuracies of an experiment's trainings, (n,), at least two. For the
            difference of a further pair, those of both experiments.
    """
    variances = [float(group.var(ddof=1)) * (1 + 1 / len(group)) for group in groups]
    return _half_width(variances, [len(group) for group in groups])


def _estimate(by_image: np.ndarray, groups: list[np.ndarray]) -> Estimate:
    counts = [len(group) for group in groups]
    of_seeds = [float(group.mean(axis=1).var(ddof=1)) / len(group) for group in groups]
    of_images = _images_variance(by_image, groups)
    # Each part has its own quantile. The few seeds may lie close together by chance. Then
    # one quantile for the sum is too small.
    half = math.hypot(
        _half_width(of_seeds, counts), normal_quantile() * math.sqrt(of_images)
    )
    value = float(by_image.mean())
    return Estimate(
        value, Interval(value - half, value + half), sum(of_seeds), of_images
    )


def _images_variance(by_image: np.ndarray, groups: list[np.ndarray]) -> float:
    """Estimate the variance that the choice of images gives a mean over them.

    Images differ, too, because each training is correct on other images. The trainings'
    variance contains that part already. So it is subtracted here.
    """
    counted = sum(group.var(axis=0, ddof=1).mean() / len(group) for group in groups)
    return max(float(by_image.var(ddof=1) - counted), 0.0) / len(by_image)


def _half_width(variances: Sequence[float], counts: Sequence[int]) -> float:
    """Give half the width of a sum's interval by Student's t (Welch, Satterthwaite).

    Args:
        variances: The variance of each part of the sum, estimated from a group.
        counts: The size of each group.
    """
    from scipy.stats import t

    total = sum(variances)
    if not total:
        return 0.0
    parts = zip(variances, counts, strict=True)
    freedom = total**2 / sum(variance**2 / (n - 1) for variance, n in parts)
    return float(t.ppf(TWO_SIDED, freedom)) * math.sqrt(total)
