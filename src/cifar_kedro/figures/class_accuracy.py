"""How well a network recognises each class."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from cifar_kedro.evaluation.runs import Run
from cifar_kedro.evaluation.significance import class_accuracies
from cifar_kedro.figures.style import (
    MOST_CLASSES,
    MUTED_COLOUR,
    OURS_STYLE,
    TEXT_SIZE,
    THIRD_WIDTH,
    interval_arms,
    new_figure,
    style_axes,
)


def plot_class_accuracy(run: Run) -> Figure:
    """Plot the accuracy on each class with its interval.

    Args:
        run: The run, drawn with the weights at the end of training.

    Returns:
        A matplotlib figure of 4.6 x 4.8 inches. A dashed line is the accuracy on all.
        With more than `MOST_CLASSES` classes: those recognised best and worst.
    """
    table = class_accuracies(run.predicted(), run.labels)
    if len(table) > MOST_CLASSES:
        table = table.sort_values("accuracy", ascending=False, kind="stable")
        half = MOST_CLASSES // 2
        table = pd.concat([table.head(half), table.tail(half)])
    figure = new_figure("", height=4.8, width=THIRD_WIDTH)
    axes = figure.subplots()
    style_axes(axes)
    axes.axvline(
        run.accuracy(), color=MUTED_COLOUR, linestyle="--", label="all classes"
    )
    axes.errorbar(
        table["accuracy"],
        range(len(table)),
        xerr=interval_arms(table["accuracy"], table["low"], table["high"]),
        label="one class, 95 % interval",
        **OURS_STYLE,
    )
    names = [run.class_names[label] for label in table["label"]]
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.locator_params(axis="x", nbins=5)  # else 87.5% touches 90.0%
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1))
    axes.set_xlabel("images recognised", fontsize=TEXT_SIZE)
    figure.legend(loc="outside lower center", ncols=2, fontsize=TEXT_SIZE - 1)
    return figure
