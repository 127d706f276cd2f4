"""The wrong predictions of which a network is most confident."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cifar_kedro.evaluation.runs import Run
from cifar_kedro.figures.image_grid import draw_images, list_corners
from cifar_kedro.figures.style import TEXT_SIZE, new_figure

_ROWS, _COLUMNS = 2, 6
# From one image to the next, with its caption, in sides of an image.
_WIDTH, _HEIGHT = 1.25, 1.4


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
        images: The test images, (n, side, side, channels) in [0, 1].

    Returns:
        A matplotlib figure of 9 x 3.6 inches.
    """
    mistakes = find_mistakes(run, _ROWS * _COLUMNS)
    figure = new_figure("", height=3.6)
    axes = figure.subplots()
    axes.set_axis_off()
    side = images.shape[1]
    height, width = math.ceil(_HEIGHT * side), math.ceil(_WIDTH * side)
    corners = list_corners(len(mistakes), _COLUMNS, height, width)
    size = (_ROWS * height, (_COLUMNS - 1) * width + side)
    draw_images(axes, images[mistakes["index"]], corners, size)
    for (top, left), mistake in zip(corners, mistakes.to_dict("records"), strict=True):
        label = run.class_names[mistake["label"]]
        answer = run.class_names[mistake["answer"]]
        axes.text(
            left + side / 2,
            top + 1.03 * side,
            f"{label}\n→ {answer} {mistake['confidence']:.1%}",
            ha="center",
            va="top",
            fontsize=TEXT_SIZE - 2,
        )
    return figure
