import pytest

from cifar_kedro.evaluation.significance import wilson_interval
from cifar_kedro.figures.class_accuracy import plot_class_accuracy
from tests.helpers.runs import make_results_of, make_run


def test_a_dot_with_its_interval_for_each_class():
    axes = plot_class_accuracy(make_run("exp0", 0.8)).axes[0]
    (dots,) = [line for line in axes.lines if line.get_marker() == "o"]
    assert dots.get_xdata() == pytest.approx([0.8] * 10)
    assert dots.get_ydata().tolist() == list(range(10))
    (bars,) = axes.collections
    ends = bars.get_segments()[3][:, 0]
    assert ends == pytest.approx(wilson_interval(800, 1000))
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[3] == "cat"


def test_a_class_that_is_never_recognised_is_drawn():
    figure = plot_class_accuracy(make_run("exp0", 0.0))
    (dots,) = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert dots.get_xdata().tolist() == [0] * 10


@pytest.mark.parametrize("accuracy", [0.3, 0.86, 0.94, 0.97, 1.0])
def test_ticks_say_where_they_are(accuracy):
    axes = plot_class_accuracy(make_run("exp0", accuracy)).axes[0]
    for place, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True):
        assert float(label.get_text().rstrip("%")) == pytest.approx(100 * place)


def test_of_many_classes_the_best_and_the_worst_are_drawn():
    (run,) = make_results_of(30, accuracy=0.5).runs
    axes = plot_class_accuracy(run).axes[0]
    (dots,) = [line for line in axes.lines if line.get_marker() == "o"]
    assert dots.get_xdata() == pytest.approx([2 / 3] * 10 + [1 / 3] * 10)
    assert axes.get_yticklabels()[0].get_text() == "class 0"
