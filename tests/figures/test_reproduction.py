import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color

from cifar_kedro.figures.reproduction import plot_comparison


@pytest.fixture
def summary() -> pd.DataFrame:
    """Three experiments, the first with two seeds, the second not in the report."""
    return pd.DataFrame(
        {
            "experiment": ["exp2", "exp2", "exp8a", "exp10"],
            "title": ["Rate", "Rate", "Large", "More"],
            "seed": [0, 1, 0, 0],
            "test_accuracy_end": [0.75, 0.77, 0.85, 0.88],
            "reported_test_accuracy": [0.7688, 0.7688, None, 0.8771],
        }
    ).astype({"test_accuracy_end": "Float64", "reported_test_accuracy": "Float64"})


def dots(axes, marker: str) -> list[tuple[float, float]]:
    (line,) = [line for line in axes.lines if line.get_marker() == marker]
    return [tuple(point) for point in line.get_xydata()]


def test_every_run_and_every_reported_accuracy_is_drawn_in_its_row(summary):
    axes = plot_comparison(summary).axes[0]
    assert dots(axes, "o") == [(0.75, 0), (0.77, 0), (0.85, 1), (0.88, 2)]
    assert dots(axes, "|") == [(0.7688, 0), (0.8771, 2)]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["exp2: Rate", "exp8a: Large", "exp10: More"]
    bottom, top = axes.get_ylim()
    assert bottom > top  # the first experiment is at the top
    report, ours = (line for line in axes.lines if line.get_marker() in "o|")
    assert not same_color(report.get_color(), ours.get_color())


def test_both_objectives_are_drawn_and_in_view(summary):
    axes = plot_comparison(summary[:1]).axes[0]
    objectives = [x.get_xdata()[0] for x in axes.lines if x.get_linestyle() == "--"]
    assert objectives == [0.8, 0.9]
    left, right = axes.get_xlim()
    assert left < 0.75
    assert right > 0.9
    assert [text.get_text() for text in axes.texts] == ["80%", "90%"]


def test_without_a_reported_accuracy_the_legend_does_not_name_it(summary):
    figure = plot_comparison(summary[2:3])
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["ours, end of training (a dot per seed)"]
    assert figure.get_suptitle() == "Test accuracy"
    assert dots(figure.axes[0], "|") == []


def test_neither_csv_nor_a_run_without_an_accuracy_changes_the_figure(summary):
    failed = pd.DataFrame({"experiment": ["exp1", "exp8a"], "seed": [0, 1]})
    both = pd.concat([failed[:1], summary, failed[1:]], ignore_index=True)
    read = pd.read_csv(io.StringIO(both.to_csv(index=False)))
    ours, again = plot_comparison(summary).axes[0], plot_comparison(read).axes[0]
    for marker in "o|":
        assert dots(ours, marker) == dots(again, marker)


def test_ticks_are_whole_per_cents(summary):
    figure = plot_comparison(summary)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    ticks = axes.get_xticks()
    np.testing.assert_allclose(100 * ticks, np.round(100 * ticks), atol=1e-9)
    assert "80%" in [label.get_text() for label in axes.get_xticklabels()]


def test_long_titles_are_broken_and_make_room(summary):
    long = summary.assign(title="Progressive reduction of the learning rate")
    label = plot_comparison(long).axes[0].get_yticklabels()[0].get_text()
    assert max(map(len, label.splitlines())) <= 32


def test_nothing_but_failures_makes_an_empty_figure(summary):
    summary["test_accuracy_end"] = pd.NA
    summary["title"] = pd.NA
    figure = plot_comparison(summary)
    figure.draw_without_rendering()
    assert dots(figure.axes[0], "o") == []
