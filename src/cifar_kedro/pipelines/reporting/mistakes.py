"""The images that a network gets wrong with the greatest confidence."""

import numpy as np
import pandas as pd

from cifar_kedro.classes import CLASS_NAMES
from cifar_kedro.pipelines.reporting.style import TEXT_SIZE, Figure, new_figure
from cifar_kedro.runs import Run

_ROWS, _COLUMNS = 2, 6


def find_mistakes(run: Run, count: int) -> pd.DataFrame:
    """Find the most confident wrong answers, weights at the end of training.

    Args:
        run: The run.
        count: Number of them, fewer if there are fewer.

    Returns:
        A row per image, the most confident first: its `index` among the test images, its
        `label`, the `answer`, and the answer's probability `confidence`.
    """
    answers = pd.DataFrame(
        {
            "index": np.arange(len(run.labels)),
            "label": run.labels,
            "answer": run.predicted(),
            "confidence": run.predictions["end"].max(axis=1),
        }
    )
    wrong = answers[answers["label"] != answers["answer"]]
    return wrong.sort_values("confidence", ascending=False, kind="stable").head(count)


def plot_mistakes(run: Run, images: np.ndarray) -> Figure:
    """Plot the twelve most confident wrong answers.

    Args:
        run: The run.
        images: The test images, (n, 32, 32, 3) in [0, 1].

    Returns:
        A matplotlib figure of 9 x 4 inches.
    """
    figure = new_figure("", height=4.1)
    panels = figure.subplots(_ROWS, _COLUMNS).ravel()
    for axes in panels:
        axes.set_axis_off()
    mistakes = find_mistakes(run, len(panels))
    for axes, mistake in zip(panels, mistakes.to_dict("records"), strict=False):
        picture = (255 * images[mistake["index"]]).round().astype(np.uint8)
        axes.imshow(picture, interpolation="none")
        label, answer = CLASS_NAMES[mistake["label"]], CLASS_NAMES[mistake["answer"]]
        axes.set_title(
            f"{label}\n→ {answer}\n{mistake['confidence']:.1%}", fontsize=TEXT_SIZE - 1
        )
    return figure
