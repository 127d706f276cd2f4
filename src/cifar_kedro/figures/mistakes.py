"""The wrong predictions of which a network is most confident."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cifar_kedro.config.data import CLASS_NAMES
from cifar_kedro.evaluation.runs import Run
from cifar_kedro.figures.image_grid import draw_images, list_corners
from cifar_kedro.figures.style import TEXT_SIZE, new_figure

_ROWS, _COLUMNS = 2, 6
# Pixels of an image, and from one image to the next, with its caption.
_SIDE = 32
_WIDTH, _HEIGHT = 40, 45


def find_mistakes(run: Run, count: int) -> pd.DataFrame:
    """Find the most confident wrong predictions.

    Args:
        run: The run, with the weights at the end of training.
        count: How many at most.

    Returns:
        A row per image, the most confident first: `index` among the test images, `label`,
        `answer` (the prediction), and `confidence`, its probability.
    """
    predictions = pd.DataFrame(
        {
            "index": np.arange(len(run.labels)),
            "label": run.labels,
            "answer": run.predicted(),
            "confidence": run.predictions["end"].max(axis=1),
        }
    )
    wrong = predictions[predictions["label"] != predictions["answer"]]
    return wrong.sort_values("confidence", ascending=False, kind="stable").head(count)


def plot_mistakes(run: Run, images: np.ndarray) -> Figure:
    """Plot the twelve most confident wrong predictions.

    Args:
        run: The run.
        images: The test images, (n, 32, 32, 3) in [0, 1].

    Returns:
        A matplotlib figure of 9 x 3.6 inches.
    """
    mistakes = find_mistakes(run, _ROWS * _COLUMNS)
    figure = new_figure("", height=3.6)
    axes = figure.subplots()
    axes.set_axis_off()
    corners = list_corners(len(mistakes), _COLUMNS, _HEIGHT, _WIDTH)
    size = (_ROWS * _HEIGHT, (_COLUMNS - 1) * _WIDTH + _SIDE)
    draw_images(axes, images[mistakes["index"]], corners, size)
    for (top, left), mistake in zip(corners, mistakes.to_dict("records"), strict=True):
        label, answer = CLASS_NAMES[mistake["label"]], CLASS_NAMES[mistake["answer"]]
        axes.text(
            left + _SIDE / 2,
            top + _SIDE + 1,
            f"{label}\n→ {answer} {mistake['confidence']:.1%}",
            ha="center",
            va="top",
            fontsize=TEXT_SIZE - 2,
        )
    return figure
