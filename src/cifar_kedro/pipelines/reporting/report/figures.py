"""The figures of the report page."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from cifar_kedro.evaluation.runs import Results, Run
from cifar_kedro.figures.accuracy_cost import plot_accuracy_cost
from cifar_kedro.figures.class_accuracy import plot_class_accuracy
from cifar_kedro.figures.confusion import plot_confusion
from cifar_kedro.figures.gains import plot_gains
from cifar_kedro.figures.learning_curves import plot_learning_curves
from cifar_kedro.figures.mistakes import plot_mistakes
from cifar_kedro.figures.reliability import plot_reliability
from cifar_kedro.figures.svg import render_svg


def plot_report_figures(
    results: Results,
    comparisons: pd.DataFrame,
    scores: pd.DataFrame,
    test: dict[str, np.ndarray],
) -> dict[str, str]:
    """Draw the figures of the report page.

    Args:
        results: What has run. Each experiment is shown by its representative run.
        comparisons: The compared pairs.
        scores: The measured runs.
        test: The test images, for the worst mistakes. May be empty.

    Returns:
        SVG files by name: ``accuracy_cost``, ``gains``, and ``exp9-learning_curves`` and
        so on for each experiment that has run. ``exp9-mistakes`` is missing if `test`
        does not hold the images that its run was tested on.
    """
    figures = {
        "accuracy_cost": plot_accuracy_cost(results, scores),
        "gains": plot_gains(results, comparisons),
    }
    rendered = {name: render_svg(figure) for name, figure in figures.items()}
    for name in results.experiments:
        if run := results.representative(name):
            for kind, plot in _plots(run, results, test).items():
                rendered[f"{name}-{kind}"] = render_svg(plot())
    return rendered


def _plots(
    run: Run, results: Results, test: dict[str, np.ndarray]
) -> dict[str, Callable[[], Any]]:
    experiment = results.experiments[run.experiment]
    plots = {
        "learning_curves": lambda: plot_learning_curves(
            run.history, experiment, run.seed
        ),
        "confusion": lambda: plot_confusion(run),
        "class_accuracy": lambda: plot_class_accuracy(run),
        "reliability": lambda: plot_reliability(run),
    }
    if test and np.array_equal(run.labels, test["labels"]):
        plots["mistakes"] = lambda: plot_mistakes(run, test["images"])
    return plots
