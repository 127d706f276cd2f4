"""What each step adds to the test accuracy, beside the original report's gain."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Chart
from plotly.graph_objects import Scatter

from cifar_kedro.evaluation.runs import Results
from cifar_kedro.figures.style import (
    FULL_WIDTH,
    MUTED_COLOUR,
    OURS_CHART_COLOUR,
    OURS_STYLE,
    REPORT_COLOUR,
    TEXT_SIZE,
    interval_arms,
    new_figure,
    shorten_title,
    style_axes,
)

_TITLE_CHARACTERS = 44
_LINEAR_POINTS = 10
_TICKS = (-80, -40, -20, -10, -5, 0, 5, 10, 20, 40, 80)
_SEED_STEP = 0.22  # from one seed of a pair to the next; a pair has height 1


def plot_gains(results: Results, comparisons: pd.DataFrame) -> Figure:
    """Plot each experiment's gain over its baseline, beside the original report's gain.

    Args:
        results: What has run.
        comparisons: What `cifar_kedro.evaluation.comparisons.compare_experiments` gives.

    Returns:
        A matplotlib figure, 9 inches wide. A pair has a dot for each seed. Without a
        complete run it shows the original report's gain alone.
    """
    of_pair = comparisons.groupby(["baseline", "experiment"], sort=False)
    pairs = of_pair.head(1).reset_index(drop=True)
    figure = new_figure("", height=1.2 + 0.56 * len(pairs), width=FULL_WIDTH)
    axes = figure.subplots()
    style_axes(axes)
    axes.axvline(0, color=MUTED_COLOUR, linewidth=1.2, zorder=1)
    usable = comparisons["usable"].astype(bool)  # an empty table has no types
    heights = of_pair.ngroup() + _SEED_STEP * of_pair.cumcount()
    _draw_gains(axes, comparisons[usable], heights[usable])
    _draw_reported(axes, pairs)
    _note_missing(axes, pairs[~pairs["usable"].astype(bool)])
    axes.set_yticks(pairs.index, _names(pairs, results))
    axes.tick_params(axis="y", labelsize=TEXT_SIZE - 1.5)
    axes.set_ylim(len(pairs) - 0.4, -0.6)
    _scale_gains(axes)
    figure.legend(loc="outside lower center", ncols=2, fontsize=TEXT_SIZE)
    return figure


def chart_gains(results: Results, comparisons: pd.DataFrame) -> Chart:
    """Make the same figure for kedro-viz, which shows numbers under the pointer.

    Args:
        results: What has run.
        comparisons: What `cifar_kedro.evaluation.comparisons.compare_experiments` gives.

    Returns:
        A plotly figure.
    """
    chart = Chart([_reported_points(comparisons), _our_points(comparisons)])
    chart.update_traces(
        y=(comparisons["experiment"] + " after " + comparisons["baseline"]).to_list(),
        text=_titles(comparisons, results),
        mode="markers",
    )
    chart.update_yaxes(autorange="reversed", automargin=True)
    chart.update_xaxes(title="gain in test accuracy, percentage points", zeroline=True)
    chart.update_layout(title="What each step adds")
    return chart


def _reported_points(comparisons: pd.DataFrame) -> Scatter:
    return Scatter(
        name="original report",
        x=comparisons["reported_points"].astype(float).to_list(),
        marker={"symbol": "line-ns", "size": 14},
        marker_line={"color": REPORT_COLOUR, "width": 4},
        hovertemplate="%{text}<br>original report: %{x:+.2f} points<extra></extra>",
    )


def _our_points(comparisons: pd.DataFrame) -> Scatter:
    usable = comparisons["usable"].astype(bool)
    gains = comparisons["difference_points"].astype(float).where(usable)
    ours = comparisons[["low_points", "high_points", "p_value_holm"]].astype(float)
    low, high = interval_arms(gains, ours["low_points"], ours["high_points"]).tolist()
    return Scatter(
        name="ours, with 95 % interval",
        x=gains.to_list(),
        marker={"color": OURS_CHART_COLOUR, "size": 9},
        error_x={"symmetric": False, "array": high, "arrayminus": low},
        customdata=ours.to_numpy().tolist(),
        hovertemplate="%{text}<br>ours: %{x:+.2f} points [%{customdata[0]:+.2f}, "
        "%{customdata[1]:+.2f}]<br>McNemar, Holm: p = %{customdata[2]:.2g}"
        "<extra></extra>",
    )


def _draw_gains(axes: Axes, usable: pd.DataFrame, heights: pd.Series) -> None:
    gains = usable["difference_points"].astype(float)
    axes.errorbar(
        gains,
        heights,
        xerr=interval_arms(gains, usable["low_points"], usable["high_points"]),
        zorder=3,
        label="ours, with the 95 % interval of the paired bootstrap",
        **OURS_STYLE,
    )


def _draw_reported(axes: Axes, comparisons: pd.DataFrame) -> None:
    axes.plot(
        comparisons["reported_points"].astype(float),
        comparisons.index,
        "|",
        color=REPORT_COLOUR,
        markersize=18,
        markeredgewidth=3.5,
        zorder=2,
        label="original report",
    )


def _scale_gains(axes: Axes) -> None:
    """Give room to gains of a few points, however large others are."""
    axes.set_xscale("symlog", linthresh=_LINEAR_POINTS)
    limits = axes.get_xlim()
    labels = [f"{tick:+d}".replace("-", "\u2212") if tick else "0" for tick in _TICKS]
    axes.set_xticks(_TICKS, labels)
    axes.set_xlim(limits)  # the ticks have widened them
    axes.minorticks_off()
    unit = f"percentage points (logarithmic beyond {_LINEAR_POINTS})"
    axes.set_xlabel(f"gain in test accuracy, {unit}", fontsize=TEXT_SIZE)


def _note_missing(axes: Axes, pairs: pd.DataFrame) -> None:
    """Write beside each pair without a result why it has none."""
    for row, missing in pairs["difference_points"].isna().items():
        axes.text(
            1.01,
            row,
            "not run" if missing else "not a result yet",
            transform=axes.get_yaxis_transform(),
            va="center",
            color=MUTED_COLOUR,
            fontsize=TEXT_SIZE - 2,
        )


def _titles(comparisons: pd.DataFrame, results: Results) -> list[str]:
    return [results.experiments[name].title for name in comparisons["experiment"]]


def _names(comparisons: pd.DataFrame, results: Results) -> list[str]:
    steps = comparisons["experiment"] + " after " + comparisons["baseline"]
    titles = _titles(comparisons, results)
    return [
        f"{step}\n{shorten_title(title, _TITLE_CHARACTERS)}"
        for step, title in zip(steps, titles, strict=True)
    ]
