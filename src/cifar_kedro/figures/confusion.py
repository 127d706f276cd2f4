"""Which class a network confuses with which."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from cifar_kedro.evaluation.runs import Run
from cifar_kedro.evaluation.significance import confusion_counts
from cifar_kedro.figures.style import (
    GROUND_COLOUR,
    MOST_CLASSES,
    OURS_COLOUR,
    TEXT_SIZE,
    THIRD_WIDTH,
    new_figure,
    style_axes,
)


def plot_confusion(run: Run) -> Figure:
    """Plot the confusion matrix of a run, or the largest confusions of many classes.

    Args:
        run: The run, drawn with the weights at the end of training.

    Returns:
        A matplotlib figure of 4.6 x 4.8 inches: labels in rows, predictions in columns.
        The larger a cell's share of its row, the darker it is. With more than
        `MOST_CLASSES` classes: a bar for each of the largest confusions.
    """
    counts = confusion_counts(run.predicted(), run.labels, len(run.class_names))
    if len(counts) > MOST_CLASSES:
        return _plot_largest(counts, run.class_names)
    return _plot_matrix(counts, run.class_names)


def _plot_largest(counts: np.ndarray, names: tuple[str, ...]) -> Figure:
    wrong = counts - np.diag(np.diag(counts))
    largest = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CLASSES]
    labels, predictions = np.unravel_index(largest, wrong.shape)
    figure = new_figure("", height=4.8, width=THIRD_WIDTH)
    axes = figure.subplots()
    style_axes(axes)
    axes.barh(range(len(largest)), wrong[labels, predictions], color=OURS_COLOUR)
    pairs = zip(labels, predictions, strict=True)
    axes.set_yticks(
        range(len(largest)), [f"{names[label]} → {names[p]}" for label, p in pairs]
    )
    axes.invert_yaxis()
    axes.tick_params(labelsize=TEXT_SIZE - 3)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("test images: label → prediction", fontsize=TEXT_SIZE)
    return figure


def _plot_matrix(counts: np.ndarray, names: tuple[str, ...]) -> Figure:
    # The root: without it, all but the diagonal would be white.
    shades = np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    figure = new_figure("", height=4.8, width=THIRD_WIDTH)
    axes = figure.subplots()
    for (row, column), count in np.ndenumerate(counts):
        _draw_cell(axes, row, column, count, float(shades[row, column]))
    places = range(len(names))
    axes.set_xticks(places, names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, names)
    axes.set_xlim(-0.5, len(places) - 0.5)
    axes.set_ylim(len(places) - 0.5, -0.5)
    axes.tick_params(labelsize=TEXT_SIZE - 1, length=0)
    axes.set_xlabel("prediction", fontsize=TEXT_SIZE)
    axes.set_ylabel("label", fontsize=TEXT_SIZE)
    return figure


def _draw_cell(axes: Axes, row: int, column: int, count: int, shade: float) -> None:
    """Draw a cell as a shape: on the report page it follows light and dark.

    ConfusionMatrixDisplay draws a bitmap, whose colours stay as they are.
    """
    corner = (column - 0.5, row - 0.5)
    axes.add_patch(Rectangle(corner, 1, 1, color=OURS_COLOUR, alpha=shade, lw=0))
    axes.text(
        column,
        row,
        str(count) if count else "",
        ha="center",
        va="center",
        fontsize=TEXT_SIZE - 3,
        color=GROUND_COLOUR if shade > 0.5 else OURS_COLOUR,
        in_layout=False,  # it is inside the axes; this takes a fifth of the time
    )
