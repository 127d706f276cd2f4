import math

import numpy as np
import pytest
from interval_coverage import World, measure_world
from scipy.stats import t

from cifar_kedro.evaluation.chance import (
    estimate_difference,
    estimate_mean,
    further_half_width,
)


def draw(seeds, images=2000, accuracy=0.8, seed=0):
    return np.random.default_rng(seed).random((seeds, images)) < accuracy


def half(interval):
    return (interval.high - interval.low) / 2


def test_trainings_that_differ_on_no_image_leave_the_images():
    right = np.tile(draw(1), (3, 1))
    estimate = estimate_mean(right)
    assert estimate.seeds_variance == estimate.seeds_share == 0
    assert estimate.images_variance == pytest.approx(right[0].var(ddof=1) / 2000)
    expected = 1.959963984540054 * right[0].std(ddof=1) / math.sqrt(2000)
    assert half(estimate.interval) == pytest.approx(expected)


def test_images_that_are_all_alike_leave_the_trainings():
    right = np.arange(2000) % 10 < np.array([[6], [7], [8]])
    right = np.random.default_rng(0).permuted(right, axis=1)  # hard by chance alone
    estimate = estimate_mean(right)
    assert estimate.seeds_share > 0.95
    only_seeds = t.ppf(0.975, 2) * 0.1 / math.sqrt(3)
    assert half(estimate.interval) == pytest.approx(only_seeds, rel=0.01)


def test_the_variance_is_that_of_seeds_and_of_images():
    # Crossed random effects: (MS seeds + MS images - MS residual) / (seeds x images).
    right = draw(1) ^ (np.random.default_rng(1).random((5, 2000)) < 0.05)
    means, images = right.mean(axis=1, keepdims=True), right.mean(axis=0)
    residual = right - means - images + right.mean()
    squares = (
        2000 * means.var(ddof=1)
        + 5 * images.var(ddof=1)
        - (residual**2).sum() / (4 * 1999)
    )
    estimate = estimate_mean(right)
    total = estimate.seeds_variance + estimate.images_variance
    assert total == pytest.approx(squares / (5 * 2000), rel=0.001)
    assert estimate.seeds_share == pytest.approx(estimate.seeds_variance / total)
    assert 0 < estimate.seeds_share < 1


def test_identical_predictions_differ_by_nothing():
    right = np.tile(draw(1), (3, 1))
    estimate = estimate_difference(right, right)
    assert estimate[:2] == (0, (0, 0))
    assert math.isnan(estimate.seeds_share)
    assert further_half_width(*[right.mean(axis=1)] * 2) == 0


def test_images_are_paired_and_seeds_are_not():
    first = draw(1) & draw(3, accuracy=0.95, seed=1)
    second = draw(1) & draw(4, accuracy=0.95, seed=2)
    estimate = estimate_difference(first, second)
    assert estimate.value == pytest.approx(second.mean() - first.mean())
    reordered = estimate_difference(first[::-1], second)
    assert reordered.interval == pytest.approx(estimate.interval)
    shuffled = np.random.default_rng(0).permutation(second, axis=1)
    unpaired = estimate_difference(first, shuffled)
    assert estimate.images_variance < 0.2 * unpaired.images_variance
    assert estimate.seeds_variance == pytest.approx(unpaired.seeds_variance)
    swapped = estimate_difference(second, first)
    assert swapped.interval == pytest.approx([-end for end in estimate.interval[::-1]])


def test_a_further_run_lies_within_students_interval():
    accuracies = np.array([0.8197, 0.8210, 0.8327])
    expected = t.ppf(0.975, 2) * accuracies.std(ddof=1) * math.sqrt(4 / 3)
    assert further_half_width(accuracies) == pytest.approx(expected)
    # Two groups alike have twice the variance and twice the degrees of freedom.
    pair = t.ppf(0.975, 4) * accuracies.std(ddof=1) * math.sqrt(8 / 3)
    assert further_half_width(accuracies, accuracies + 0.01) == pytest.approx(pair)


def test_intervals_hold_the_truth_and_those_of_resampled_seeds_do_not():
    differences, others = measure_world(World(3, (1.2, 1.2)), repetitions=150)
    assert differences["chosen"] >= 0.93
    assert differences["two-level bootstrap"] < 0.9
    assert differences["images alone"] < 0.5
    assert others["mean, chosen"] >= 0.93 and others["further run"] >= 0.93
