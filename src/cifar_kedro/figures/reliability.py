"""Whether a network is correct as often as its confidence says."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from cifar_kedro.evaluation.runs import Run
from cifar_kedro.evaluation.significance import calibration_bins, wilson_interval
from cifar_kedro.figures.style import (
    MUTED_COLOUR,
    OURS_STYLE,
    TEXT_SIZE,
    THIRD_WIDTH,
    interval_arms,
    new_figure,
    style_axes,
)


def plot_reliability(run: Run) -> Figure:
    """Plot accuracy against confidence.

    Args:
        run: The run, drawn with the weights at the end of training.

    Returns:
        A matplotlib figure of 4.6 x 4.8 inches. Above is a dot per bin of confidence, with
        the Wilson interval of its accuracy. Below is the number of images in each bin.
    """
    bins = calibration_bins(run.predictions["end"], run.labels)
    bins = bins[bins["count"] > 0]
    figure = new_figure("", height=4.8, width=THIRD_WIDTH)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    _draw_accuracies(upper, bins)
    _draw_counts(lower, bins)
    lower.set_xlim(0, 1)
    lower.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    lower.set_xlabel("confidence", fontsize=TEXT_SIZE)
    figure.legend(loc="outside lower center", ncols=2, fontsize=TEXT_SIZE - 1)
    return figure


def _draw_accuracies(axes: Axes, bins: pd.DataFrame) -> None:
    style_axes(axes)
    correct = (bins["accuracy"] * bins["count"]).round().astype(int)
    low, high = zip(*map(wilson_interval, correct, bins["count"]), strict=True)
    axes.plot([0, 1], [0, 1], color=MUTED_COLOUR, linestyle="--", label="calibrated")
    axes.errorbar(
        bins["confidence"],
        bins["accuracy"],
        yerr=interval_arms(bins["accuracy"], low, high),
        label="one bin, 95 % interval",
        **OURS_STYLE,
    )
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set_ylabel("accuracy", fontsize=TEXT_SIZE)


def _draw_counts(axes: Axes, bins: pd.DataFrame) -> None:
    style_axes(axes)
    axes.bar(
        bins["low"],
        bins["count"],
        bins["high"] - bins["low"],
        align="edge",
        color=MUTED_COLOUR,
        edgecolor="white",
        linewidth=0.8,
    )
    axes.set_ylabel("images", fontsize=TEXT_SIZE)
