"""Our test accuracy against the original report's, experiment by experiment."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cifar_kedro.evaluation.summary import AMBITION, ARCHITECTURE_OBJECTIVE
from cifar_kedro.figures.style import (
    MUTED_COLOUR,
    OURS_COLOUR,
    REPORT_COLOUR,
    TEXT_SIZE,
    new_figure,
    style_axes,
    wrap_title,
)

_OBJECTIVES = (ARCHITECTURE_OBJECTIVE, AMBITION)
_NAME_CHARACTERS = 32


def plot_comparison(summary: pd.DataFrame) -> Figure:
    """Plot the test accuracy of every run beside the original report's.

    Args:
        summary: One row per experiment and seed, in the order to draw, with
            `experiment`, `title`, `test_accuracy_end` and `reported_test_accuracy`.
            Accuracies are fractions, and the latter may be empty.

    Returns:
        A matplotlib figure, 9 inches wide. The first experiment is at the top.
    """
    # A run that failed has a row without an accuracy.
    summary = summary.dropna(subset="test_accuracy_end")
    experiments = summary.drop_duplicates("experiment").reset_index(drop=True)
    rows = summary["experiment"].map(
        dict(zip(experiments["experiment"], experiments.index, strict=True))
    )
    original = summary["reported_test_accuracy"].notna().any()
    figure = new_figure(
        "Test accuracy: the original report and ours" if original else "Test accuracy",
        height=1.8 + 0.44 * len(experiments),
    )
    axes = figure.subplots()
    style_axes(axes)
    if original:
        _draw_objectives(axes)
    _draw_dots(axes, summary, rows, experiments)
    _label_axes(axes, experiments)
    figure.legend(loc="outside lower center", ncols=3, fontsize=TEXT_SIZE)
    return figure


def _draw_objectives(axes: Axes) -> None:
    """Draw a line for each objective of the original report, with its name above."""
    for objective in _OBJECTIVES:
        axes.axvline(
            objective,
            color=MUTED_COLOUR,
            linestyle="--",
            linewidth=1.2,
            label="objectives" if objective == _OBJECTIVES[0] else None,
        )
        axes.text(
            objective,
            1.01,
            f"{objective:.0%}",
            transform=axes.get_xaxis_transform(),
            ha="center",
            color=MUTED_COLOUR,
            fontsize=TEXT_SIZE,
        )


def _draw_dots(
    axes: Axes, summary: pd.DataFrame, rows: pd.Series, experiments: pd.DataFrame
) -> None:
    """Draw the original report's accuracies as bars and ours as dots over them."""
    reported = experiments["reported_test_accuracy"].astype(float).dropna()
    axes.plot(
        reported,
        reported.index,
        "|",
        color=REPORT_COLOUR,
        markersize=20,
        markeredgewidth=3.5,
        label="original report" if len(reported) else None,
    )
    axes.plot(
        summary["test_accuracy_end"].astype(float),
        rows,
        "o",
        color=OURS_COLOUR,
        markersize=7,
        alpha=0.8,
        label="ours, end of training (a dot per seed)",
    )


def _label_axes(axes: Axes, experiments: pd.DataFrame) -> None:
    """Name the experiments from top to bottom, and the accuracy in per cent."""
    pairs = zip(experiments["experiment"], experiments["title"], strict=True)
    names = [f"{name}: {title}" for name, title in pairs]
    axes.set_yticks(
        experiments.index, [wrap_title(name, _NAME_CHARACTERS) for name in names]
    )
    axes.set_ylim(max(len(experiments), 1) - 0.5, -0.5)
    # Both objectives are in view, so a step is one per cent or more.
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set_xlabel("test accuracy", fontsize=TEXT_SIZE)
