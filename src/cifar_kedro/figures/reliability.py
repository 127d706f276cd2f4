"""Whether a network is right as often as it says."""

from cifar_kedro.evaluation.runs import Run
from cifar_kedro.evaluation.significance import calibration_bins, wilson_interval
from cifar_kedro.figures.style import (
    MUTED_COLOUR,
    OURS_COLOUR,
    TEXT_SIZE,
    THIRD_WIDTH,
    Figure,
    interval_arms,
    new_figure,
    style_axes,
)


def plot_reliability(run: Run) -> Figure:
    """Plot accuracy against confidence, weights at the end of training.

    Args:
        run: The run.

    Returns:
        A matplotlib figure of 4.6 x 4.8 inches: above, a dot per bin of confidence, with
        the Wilson interval of its accuracy; below, the number of images in each.
    """
    from matplotlib.ticker import PercentFormatter

    bins = calibration_bins(run.predictions["end"], run.labels)
    bins = bins[bins["count"] > 0]
    right = (bins["accuracy"] * bins["count"]).round().astype(int)
    low, high = zip(*map(wilson_interval, right, bins["count"]), strict=True)
    figure = new_figure("", height=4.8, width=THIRD_WIDTH)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    style_axes(upper)
    style_axes(lower)
    upper.plot([0, 1], [0, 1], color=MUTED_COLOUR, linestyle="--", label="calibrated")
    upper.errorbar(
        bins["confidence"],
        bins["accuracy"],
        yerr=interval_arms(bins["accuracy"], low, high),
        fmt="o",
        color=OURS_COLOUR,
        markersize=6,
        elinewidth=2,
        capsize=3,
        label="one bin, 95 % interval",
    )
    lower.bar(
        bins["low"],
        bins["count"],
        bins["high"] - bins["low"],
        align="edge",
        color=MUTED_COLOUR,
        edgecolor="white",
        linewidth=0.8,
    )
    lower.set_xlim(0, 1)
    lower.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    upper.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    upper.set_ylabel("accuracy", fontsize=TEXT_SIZE)
    lower.set_ylabel("images", fontsize=TEXT_SIZE)
    lower.set_xlabel("confidence", fontsize=TEXT_SIZE)
    figure.legend(loc="outside lower center", ncols=2, fontsize=TEXT_SIZE - 1)
    return figure
