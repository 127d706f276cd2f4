import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from cifar_kedro.evaluation.significance import (
    calibration_bins,
    class_accuracies,
    confusion_counts,
    difference_interval,
    expected_calibration_error,
    holm,
    mcnemar_p_value,
    wilson_interval,
)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_its_formula(counts):
    k, n = counts
    p, z = k / n, 1.959963984540054
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    assert wilson_interval(k, n) == pytest.approx(
        (centre - half, centre + half), abs=1e-12
    )


def outcomes(both, only_first, only_second, neither):
    counts = (both, only_first, only_second, neither)
    first = np.repeat([True, True, False, False], counts)
    second = np.repeat([True, False, True, False], counts)
    return first, second


@pytest.mark.parametrize(("b", "c"), [(10, 25), (0, 6), (7, 7), (120, 80)])
def test_mcnemar_is_a_binomial_test_of_the_discordant_images(b, c):
    expected = binomtest(b, b + c).pvalue
    assert mcnemar_p_value(*outcomes(50, b, c, 9)) == pytest.approx(expected)


def test_mcnemar_of_a_network_with_itself_is_one():
    right, _ = outcomes(50, 0, 0, 9)
    assert mcnemar_p_value(right, right) == 1


def test_difference_interval_is_that_of_resampled_pairs():
    first, second = outcomes(500, 60, 140, 300)
    interval = difference_interval(first, second)
    # Counts of pairs drawn with replacement are multinomial.
    draws = np.random.default_rng(1).multinomial(1000, [0.14, 0.06, 0.8], size=200_000)
    expected = np.percentile((draws[:, 0] - draws[:, 1]) / 1000, [2.5, 97.5])
    assert interval == pytest.approx(expected, abs=0.0015)
    assert interval.contains(0.08) and not interval.contains(0)
    assert difference_interval(first, second) == interval  # seeded


def test_pairing_narrows_the_interval():
    first, second = outcomes(700, 0, 50, 250)
    shuffled = np.random.default_rng(0).permutation(second)
    paired, unpaired = (difference_interval(first, x) for x in (second, shuffled))
    assert paired.high - paired.low < 0.5 * (unpaired.high - unpaired.low)


def test_holm_by_hand():
    assert holm([0.04, 0.01, 0.03]).tolist() == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]).tolist() == []


def make_probabilities(count, seed=0):
    raw = np.random.default_rng(seed).random((count, 10)) ** 4
    return (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)


def test_calibration_error_image_by_image():
    probabilities = make_probabilities(400)
    labels = np.random.default_rng(1).integers(0, 10, 400)
    bins = calibration_bins(probabilities, labels)
    groups = {}
    for row, label in zip(probabilities, labels, strict=True):
        confidence = float(row.max())
        groups.setdefault(int(np.ceil(confidence * 15)) - 1, []).append(
            (confidence, row.argmax() == label)
        )
    expected = sum(
        abs(sum(c for c, _ in group) - sum(r for _, r in group))
        for group in groups.values()
    )
    assert bins["count"].sum() == 400
    assert {b: len(g) for b, g in groups.items()} == bins["count"][
        bins["count"] > 0
    ].to_dict()
    assert expected_calibration_error(bins) == pytest.approx(expected / 400)


def test_certain_answers_are_in_the_last_bin():
    bins = calibration_bins(np.eye(10, dtype=np.float32), np.arange(10))
    assert bins["count"].tolist() == [0] * 14 + [10]
    assert expected_calibration_error(bins) == 0


def test_class_accuracies_and_confusion():
    labels = np.repeat([0, 1, 2], [4, 5, 1])
    predicted = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2, 0])
    table = class_accuracies(predicted, labels)
    assert table["accuracy"].tolist() == [0.75, 0.6, 0.0]
    assert table[["low", "high"]].iloc[1].tolist() == list(wilson_interval(3, 5))
    counts = confusion_counts(predicted, labels, 3)
    assert counts.tolist() == [[3, 1, 0], [0, 3, 2], [1, 0, 0]]
