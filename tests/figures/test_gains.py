import pandas as pd
import pytest

from cifar_kedro.figures.gains import chart_gains, plot_gains
from tests.helpers.runs import make_results

RESULTS = make_results()


@pytest.fixture
def comparisons() -> pd.DataFrame:
    """One pair compared, one cut short, one not run."""
    return pd.DataFrame(
        {
            "baseline": ["exp0", "exp1", "exp2"],
            "experiment": ["exp1", "exp2", "exp3"],
            "usable": [True, False, False],
            "difference_points": [12.0, -30.0, None],
            "low_points": [11.0, -31.0, None],
            "high_points": [14.0, -29.0, None],
            "p_value_holm": [0.001, None, None],
            "reported_points": [14.18, 2.12, -0.59],
        }
    )


def test_ours_is_drawn_where_it_is_a_result_and_the_reports_everywhere(comparisons):
    axes = plot_gains(RESULTS, comparisons).axes[0]
    (ours,) = [line for line in axes.lines if line.get_marker() == "o"]
    report = next(line for line in axes.lines if line.get_label() == "original report")
    assert ours.get_xydata().tolist() == [[12, 0]]
    assert report.get_xydata().tolist() == [[14.18, 0], [2.12, 1], [-0.59, 2]]
    (bar,) = axes.collections
    assert bar.get_segments()[0].tolist() == [[11, 0], [14, 0]]
    notes = {text.get_position()[1]: text.get_text() for text in axes.texts}
    assert notes == {1: "not a result yet", 2: "not run"}


def test_a_pair_has_a_gain_of_each_seed(comparisons):
    second = comparisons.head(1).assign(difference_points=11.5)
    both = pd.concat([comparisons, second], ignore_index=True)
    axes = plot_gains(RESULTS, both).axes[0]
    (ours,) = [line for line in axes.lines if line.get_marker() == "o"]
    assert ours.get_xydata().tolist() == [[12, 0], [11.5, pytest.approx(0.22)]]
    assert len(axes.get_yticklabels()) == 3


def test_steps_are_named_from_top_to_bottom(comparisons):
    axes = plot_gains(RESULTS, comparisons).axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[0] == "exp1 after exp0\nDepth"
    assert names[1].endswith("\nProgressive reduction of the learning rate")
    bottom, top = axes.get_ylim()
    assert bottom > top


def test_small_gains_have_room_beside_a_collapse(comparisons):
    collapsed = comparisons.assign(
        difference_points=[-40.0, None, None], low_points=-41.0, high_points=-39.0
    )
    axes = plot_gains(RESULTS, collapsed).axes[0]
    axes.figure.canvas.draw()
    place = axes.transData.transform
    assert (
        place((10, 0))[0] - place((0, 0))[0] > place((-10, 0))[0] - place((-40, 0))[0]
    )
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert "0" in labels and "+5" in labels and "\N{MINUS SIGN}40" in labels


def test_the_chart_has_the_same_figures(comparisons):
    report, ours = chart_gains(RESULTS, comparisons).data
    assert list(report.x) == [14.18, 2.12, -0.59]
    assert ours.x[0] == 12 and pd.isna(ours.x[1]) and pd.isna(ours.x[2])
    assert (ours.error_x.arrayminus[0], ours.error_x.array[0]) == (1, 2)
    assert list(ours.y) == ["exp1 after exp0", "exp2 after exp1", "exp3 after exp2"]
