"""The learning curves of one training: loss and accuracy, epoch by epoch."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cifar_kedro.config import Experiment
from cifar_kedro.evaluation.stopping import find_stop
from cifar_kedro.figures.style import (
    BEST_COLOUR,
    MUTED_COLOUR,
    TEXT_SIZE,
    TRAIN_STYLE,
    VALIDATION_STYLE,
    new_figure,
    style_axes,
)

# Up to here epochs have dots: a curve of one epoch would be invisible.
_MARKED_EPOCHS = 10
# Learning rates written closer than this fraction of the axis would overlap.
_RATE_SPACING = 0.04


def plot_learning_curves(
    history: pd.DataFrame, experiment: Experiment, seed: int
) -> Figure:
    """Plot loss and accuracy on train and validation images, side by side.

    Marks the best epoch, every drop of the learning rate, and the end with its reason.
    The best epoch is the first of the highest validation accuracy.

    Args:
        history: One row per epoch, with `epoch` (from 1), `loss`, `accuracy`,
            `val_loss`, `val_accuracy` (fractions) and `learning_rate`.
        experiment: The experiment; its name and title head the figure.
        seed: Seed of the training, for the title.

    Returns:
        A figure of 9 x 5 inches.

    Raises:
        ValueError: If the history holds no epoch.
    """
    if history.empty:
        raise ValueError("The training history holds no epoch: nothing to plot.")
    figure = new_figure(f"{experiment.name}: {experiment.title} (seed {seed})", 5.0)
    best = history.loc[history["val_accuracy"].idxmax()]
    stop = find_stop(history, experiment.training) or "training was cut short"
    panels = figure.subplots(1, 2)
    for axes, quantity in zip(panels, ("loss", "accuracy"), strict=True):
        _draw_curves(axes, history, quantity)
        label = f"best epoch {best['epoch']:.0f}: {best['val_accuracy']:.4f}"
        axes.axvline(best["epoch"], c=BEST_COLOUR, ls="-.", zorder=1, label=label)
        if not experiment.training.schedule:  # a schedule falls in every epoch
            _mark_rate_drops(axes, history)
        end, label = history["epoch"].max(), f"end: {stop}"
        axes.axvline(end, c=MUTED_COLOUR, lw=2.5, zorder=1, label=label)
    _limit_loss(panels[0], history)
    accuracy_axes = panels[1]
    accuracy_axes.plot(*best[["epoch", "val_accuracy"]], "*", c=BEST_COLOUR, ms=13)
    named = accuracy_axes.get_legend_handles_labels()
    figure.legend(*named, loc="outside lower center", ncols=3, fontsize=TEXT_SIZE)
    return figure


def limit_outliers(losses: np.ndarray) -> float | None:
    """Choose where to cut an axis that a few huge values would stretch.

    The limit is three times the 90 % quantile. It leaves the steep start of an ordinary
    training alone. It holds while fewer than a tenth of the values are outliers.

    Args:
        losses: Losses of any shape. Those that are not finite do not count.

    Returns:
        The upper end of the axis; None if no finite value lies above it.
    """
    finite = losses[np.isfinite(losses)]
    if finite.size == 0:
        return None
    limit = 3 * float(np.quantile(finite, 0.9))
    return limit if finite.max() > limit else None


def _draw_curves(axes: Axes, history: pd.DataFrame, quantity: str) -> None:
    """Draw a quantity on train and validation images."""
    style_axes(axes)
    epochs = history["epoch"]
    style: dict[str, Any] = {
        "lw": 2,
        "marker": "o" if len(history) <= _MARKED_EPOCHS else "",
    }
    axes.plot(epochs, history[quantity], label="train", **style, **TRAIN_STYLE)
    validation = history[f"val_{quantity}"]
    axes.plot(epochs, validation, label="validation", **style, **VALIDATION_STYLE)
    axes.set_xlim(epochs.min() - 0.5, epochs.max() + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.set_xlabel("epoch", fontsize=TEXT_SIZE)
    axes.set_ylabel(quantity, fontsize=TEXT_SIZE)


def _mark_rate_drops(axes: Axes, history: pd.DataFrame) -> None:
    """Draw a thin line at each drop of the rate, with the new rate above it."""
    drops = history[history["learning_rate"].diff() < 0]
    spacing = _RATE_SPACING * len(history)
    written = -np.inf
    for epoch, rate in drops[["epoch", "learning_rate"]].to_numpy():
        label = "learning rate drops" if written == -np.inf else None
        axes.axvline(epoch, c=MUTED_COLOUR, ls=":", lw=1.4, zorder=1, label=label)
        # Crowded rates would be a black bar, so some are left out.
        if epoch - written >= spacing:
            axes.text(
                epoch,
                1.02,
                f"{rate:.2g}",
                transform=axes.get_xaxis_transform(),
                rotation=60,
                rotation_mode="anchor",
                color=MUTED_COLOUR,
                fontsize=TEXT_SIZE - 2,
            )
            written = epoch


def _limit_loss(axes: Axes, history: pd.DataFrame) -> None:
    """Cut the loss axis if outliers would flatten the curves, and say so on it."""
    losses = history[["loss", "val_loss"]].to_numpy(dtype=float)
    limit = limit_outliers(losses)
    if limit is None:
        return
    axes.set_ylim(0, limit)
    highest = losses[np.isfinite(losses)].max()
    axes.set_ylabel(f"loss (cut; reaches {highest:.3g})", fontsize=TEXT_SIZE)
