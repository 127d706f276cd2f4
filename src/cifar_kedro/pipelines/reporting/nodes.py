"""Nodes of the reporting pipeline that draw.

They import matplotlib, plotly and keras when they run. Kedro imports every pipeline for every
command, and `kedro registry list` must not wait for heavy packages.
"""

from typing import Any

import numpy as np
import pandas as pd

from cifar_kedro.config import Experiment
from cifar_kedro.config.data import LabelledImages, Split
from cifar_kedro.config.keras_settings import settle_keras
from cifar_kedro.evaluation.runs import Results

# A matplotlib or plotly figure. Kedro reads the hints, and must not import it for that.
Figure = Any

AUGMENTATIONS = 8


def plot_learning_curves(
    history: pd.DataFrame, experiment: Experiment, seed: int
) -> Figure:
    """Plot the curves of one training: see `cifar_kedro.figures.learning_curves`."""
    from cifar_kedro.figures import learning_curves

    return learning_curves.plot_learning_curves(history, experiment, seed)


def plot_augmented_images(
    development: LabelledImages, split: Split, experiment: Experiment, seed: int
) -> Figure:
    """Plot a training image of each class beside eight augmentations of it.

    Args:
        development: The images to learn from.
        split: Which of them train. The first of each class is drawn.
        experiment: The experiment, with its augmentation.
        seed: Seed of the augmentation, which is the training's.

    Raises:
        ValueError: If the experiment augments nothing.
    """
    settle_keras()
    from cifar_kedro.figures import augmented_images
    from cifar_kedro.models.augmentation import augment_examples

    if experiment.augmentation is None:
        raise ValueError(f"{experiment.name} has no augmentation to show.")
    train = split["train"]
    labels, first = np.unique(development["labels"][train], return_index=True)
    originals = development["images"][train[first]]
    return augmented_images.plot_augmented_images(
        originals,
        augment_examples(originals, experiment.augmentation, seed, AUGMENTATIONS),
        development["class_names"][labels].tolist(),
        f"{experiment.name}: {experiment.title} (seed {seed})",
    )


def plot_comparison(summary: pd.DataFrame) -> Figure:
    """Plot ours and the original report's: see `cifar_kedro.figures.reproduction`."""
    from cifar_kedro.figures import reproduction

    return reproduction.plot_comparison(summary)


def chart_gains(results: Results, comparisons: pd.DataFrame) -> Figure:
    """Chart what each step adds, for kedro-viz: see `cifar_kedro.figures.gains`."""
    from cifar_kedro.figures import gains

    return gains.chart_gains(results, comparisons)


def chart_accuracy_cost(results: Results, scores: pd.DataFrame) -> Figure:
    """Chart accuracy against cost, for kedro-viz: see `cifar_kedro.figures.accuracy_cost`."""
    from cifar_kedro.figures import accuracy_cost

    return accuracy_cost.chart_accuracy_cost(results, scores)


def plot_report_figures(*inputs: Any) -> dict[str, str]:
    """Draw the report page's figures: see `report.figures`."""
    from cifar_kedro.pipelines.reporting.report import figures

    return figures.plot_report_figures(*inputs)


def write_report(*inputs: Any) -> tuple[str, str]:
    """Write the report page and its Markdown: see `report.page`."""
    from cifar_kedro.pipelines.reporting.report import page

    return page.write_report(*inputs)
