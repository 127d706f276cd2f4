import pytest

from cifar_kedro.evaluation.significance import wilson_interval
from cifar_kedro.figures.reliability import plot_reliability
from tests.helpers.runs import make_run


def test_a_dot_for_each_bin_with_images_over_their_number():
    upper, lower = plot_reliability(make_run("exp0", 0.8)).axes
    (dots,) = [line for line in upper.lines if line.get_marker() == "o"]
    assert dots.get_xydata()[0] == pytest.approx([0.7, 0.8])
    (bars,) = upper.collections
    assert bars.get_segments()[0][:, 1] == pytest.approx(wilson_interval(8000, 10_000))
    (bar,) = lower.patches
    assert bar.get_height() == 10_000
    assert bar.get_x() < 0.7 < bar.get_x() + bar.get_width()
