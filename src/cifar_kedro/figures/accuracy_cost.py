"""Test accuracy against what it costs."""

from itertools import cycle

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, PercentFormatter
from matplotlib.transforms import Bbox
from plotly.graph_objects import Figure as Chart
from plotly.graph_objects import Scatter
from plotly.subplots import make_subplots

from cifar_kedro.evaluation.provenance import name_hardware
from cifar_kedro.evaluation.runs import Results
from cifar_kedro.figures.style import (
    CHART_GRID_COLOUR,
    GROUND_COLOUR,
    MUTED_COLOUR,
    OURS_CHART_COLOUR,
    OURS_COLOUR,
    TEXT_SIZE,
    interval_arms,
    new_figure,
    style_axes,
)

COSTS = {
    "parameters": "parameters",
    "macs": "MACs per image",
    "seconds": "training time, seconds",
}
# A shape for each hardware, for matplotlib and for plotly: training times on different
# hardware do not compare.
_SHAPES = (("o", "circle"), ("s", "square"), ("^", "triangle-up"), ("D", "diamond"))
# Where a name may stand beside its point, in points; the first with room is taken.
_LABEL_OFFSETS = tuple(
    (x * step, y * step)
    for step in (1, 2, 3)
    for x, y in ((7, 0), (-7, 0), (0, 11), (0, -11), (6, 9), (-6, 9), (6, -9), (-6, -9))
)


def tabulate_costs(results: Results, scores: pd.DataFrame) -> pd.DataFrame:
    """Put accuracy and costs side by side.

    Args:
        results: What has run. Each experiment is shown by its representative run.
        scores: What `cifar_kedro.evaluation.scores.score_runs` gives.

    Returns:
        A row per experiment that has run:

        - `experiment`, `seed`, `hardware`;
        - `parameters`, `macs` of one image, `seconds` of training (wall time); NaN if
            the run is older than their record;
        - `accuracy`, with its interval from `low` to `high`, fractions;
        - `result`: whether the run has no issues.
    """
    rows = [
        {
            "experiment": name,
            "seed": run.seed,
            "parameters": run.metrics["parameters"]["total"],
            "macs": run.macs,
            "seconds": run.metrics["training_seconds"],
            "hardware": name_hardware(run.metrics.get("provenance")),
            "result": not run.issues,
        }
        for name in results.experiments
        if (run := results.representative(name))
    ]
    columns = ["experiment", "seed", *COSTS, "hardware", "result"]
    end = scores.loc[
        scores["weights"] == "end", ["experiment", "seed", "accuracy", "low", "high"]
    ]
    table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(COSTS, float))
    return table.merge(end, on=["experiment", "seed"])


def plot_accuracy_cost(results: Results, scores: pd.DataFrame) -> Figure:
    """Plot test accuracy against parameters, MACs and training time.

    Args:
        results: What has run.
        scores: What `cifar_kedro.evaluation.scores.score_runs` gives.

    Returns:
        A matplotlib figure of 9 x 4 inches with three panels. Costs are on logarithmic
        scales. Each hardware has its shape. Runs that are no result are hollow.
    """
    costs = tabulate_costs(results, scores)
    figure = new_figure("", height=4.0)
    panels = figure.subplots(1, len(COSTS), sharey=True)
    for axes, (column, label) in zip(panels, COSTS.items(), strict=True):
        style_axes(axes)
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())  # the names would overlap
        axes.margins(y=0.12)
        if len(costs):  # room for names, and for a tick of a single run
            axes.set_xlim(costs[column].min() / 4, 4 * costs[column].max())
        _draw_points(axes, costs, column)
        axes.set_xlabel(label, fontsize=TEXT_SIZE)
    panels[0].yaxis.set_major_formatter(PercentFormatter(xmax=1))
    panels[0].set_ylabel("test accuracy", fontsize=TEXT_SIZE)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=2, fontsize=TEXT_SIZE - 1
    )
    figure.draw_without_rendering()  # fixes the layout, in which the names then find room
    for axes, column in zip(panels, COSTS, strict=True):
        _name_points(axes, costs, column)
    return figure


def chart_accuracy_cost(results: Results, scores: pd.DataFrame) -> Chart:
    """Make the same figure for kedro-viz, which names the dot under the pointer.

    Args:
        results: What has run.
        scores: What `cifar_kedro.evaluation.scores.score_runs` gives.

    Returns:
        A plotly figure with three panels.
    """
    costs = tabulate_costs(results, scores)
    low, high = interval_arms(costs["accuracy"], costs["low"], costs["high"]).tolist()
    chart = make_subplots(cols=len(COSTS), shared_yaxes=True, y_title="test accuracy")
    for panel, (column, label) in enumerate(COSTS.items(), start=1):
        points = Scatter(
            x=costs[column].to_list(),
            y=costs["accuracy"].to_list(),
            text=costs["experiment"].to_list(),
            mode="markers",
            marker={"size": 9, "color": OURS_CHART_COLOUR, "symbol": _symbols(costs)},
            error_y={"symmetric": False, "array": high, "arrayminus": low},
            customdata=costs["hardware"].to_list(),
            hovertemplate="%{text}: %{y:.2%}<br>%{x:,.0f}<br>%{customdata}<extra></extra>",
            showlegend=False,
        )
        chart.add_trace(points, row=1, col=panel)
        chart.update_xaxes(title=label, type="log", row=1, col=panel)
    # kedro-viz sets the colours of the first panel only.
    chart.update_xaxes(gridcolor=CHART_GRID_COLOUR)
    chart.update_yaxes(gridcolor=CHART_GRID_COLOUR, tickformat=".0%")
    chart.update_layout(
        title="Test accuracy against cost (hollow: not a result yet; a shape for each hardware)"
    )
    return chart


def _symbols(costs: pd.DataFrame) -> list[str]:
    shapes = _assign_shapes(costs)
    symbols = [shapes[hardware][1] for hardware in costs["hardware"]]
    return [
        symbol if result else f"{symbol}-open"
        for symbol, result in zip(symbols, costs["result"], strict=True)
    ]


def _assign_shapes(costs: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Give each hardware the names of a shape, in order of appearance."""
    return dict(zip(costs["hardware"].unique(), cycle(_SHAPES), strict=False))


def _draw_points(axes: Axes, costs: pd.DataFrame, column: str) -> None:
    shapes = _assign_shapes(costs)
    for (hardware, unfinished), rows in costs.groupby(
        ["hardware", ~costs["result"].astype(bool)], sort=False
    ):
        axes.errorbar(
            rows[column],
            rows["accuracy"],
            yerr=interval_arms(rows["accuracy"], rows["low"], rows["high"]),
            fmt=shapes[hardware][0],
            color=OURS_COLOUR,
            markerfacecolor=GROUND_COLOUR if unfinished else OURS_COLOUR,
            markersize=7,
            elinewidth=1.5,
            label=f"{hardware}, not a result yet" if unfinished else hardware,
        )


def _name_points(axes: Axes, costs: pd.DataFrame, column: str) -> None:
    """Write each name at the first place beside its point where nothing else is."""
    costs = costs.dropna(subset=[column])
    points = costs[[column, "accuracy"]].to_numpy(float)
    taken = [
        Bbox([place, place]).padded(5) for place in axes.transData.transform(points)
    ]
    for name, point in zip(costs["experiment"], points, strict=True):
        text = axes.annotate(
            name.removeprefix("exp"),
            point,
            xytext=(0, 0),
            textcoords="offset points",
            va="center",
            color=MUTED_COLOUR,
            fontsize=TEXT_SIZE - 1,
        )
        text.set_in_layout(False)
        for right, up in _LABEL_OFFSETS:
            text.xyann = (right, up)
            text.set_horizontalalignment(
                "left" if right > 0 else "right" if right < 0 else "center"
            )
            box = text.get_window_extent()
            if not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
        else:  # no room, but kedro-viz names every dot
            text.remove()
