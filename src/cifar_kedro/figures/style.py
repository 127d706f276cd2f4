"""What all figures share: size, type, colours."""

import textwrap
import unicodedata
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cifar_kedro.figures.fonts import AnyScriptFigure

# Okabe and Ito's colours: colour-blind readers can tell them apart. The line styles
# differ, too, for greyscale print. Validation is noisier, so it gets the solid line.
TRAIN_STYLE: dict[str, Any] = {"color": "#0072B2", "linestyle": (0, (4, 1.5))}
VALIDATION_STYLE: dict[str, Any] = {"color": "#D55E00", "linestyle": "-"}
BEST_COLOUR = "#009E73"
REPORT_COLOUR = "#56B4E9"
OURS_COLOUR = "#000000"
# Our measurements, dots with their intervals: for `Axes.errorbar`.
OURS_STYLE: dict[str, Any] = {
    "fmt": "o",
    "color": OURS_COLOUR,
    "markersize": 7,
    "elinewidth": 2,
    "capsize": 4,
}
# For kedro-viz, whose ground may be dark or light.
OURS_CHART_COLOUR = "#8a8a8a"
CHART_GRID_COLOUR = "rgba(138, 138, 138, 0.3)"
MUTED_COLOUR = "#595959"
GRID_COLOUR = "#e5e5e5"
# The ground of figures, and of text on `OURS_COLOUR`.
GROUND_COLOUR = "#ffffff"

# Points, for figures 9 inches wide: legible even at half size, as kedro-viz shows them.
TEXT_SIZE = 12
TITLE_SIZE = 14

FULL_WIDTH = 9.0
THIRD_WIDTH = 4.6

# Classes that a figure of a third of the page can name, or place side by side.
MOST_CLASSES = 20
_TITLE_CHARACTERS = 80


def new_figure(title: str, height: float, width: float = FULL_WIDTH) -> Figure:
    """Make an empty figure, with its title.

    The figure has no display and no pyplot state. So nodes can run on servers and in
    threads, and no figure stays in memory.

    Args:
        title: Title above the figure, broken into lines if long. May be empty.
        height: Height of the figure in inches.
        width: Width of the figure in inches.

    Returns:
        A figure whose layout makes room for labels and legends.
    """
    figure = AnyScriptFigure(figsize=(width, height), layout="constrained")
    if title:
        figure.suptitle(wrap_title(title, _TITLE_CHARACTERS), fontsize=TITLE_SIZE)
    return figure


def wrap_title(title: str, width: int) -> str:
    """Break a title into lines, in any script. It is never read as a formula.

    Args:
        title: Of a figure or an experiment.
        width: Of a line at most, as `text_width` measures it.
    """
    return textwrap.fill(title, _count_fitting(title, width)).replace("$", r"\$")


def shorten_title(title: str, width: int) -> str:
    """Cut a title to one line, in any script. It is never read as a formula.

    Args:
        title: Of an experiment.
        width: Of the line at most, as `text_width` measures it.
    """
    count = _count_fitting(title, width)
    short = textwrap.shorten(title, count, placeholder=" ...")
    if short == "...":  # one word, as in scripts without spaces
        short = f"{title[: count - 4]} ..."
    return short.replace("$", r"\$")


def text_width(text: str) -> int:
    """Measure a text in Latin characters, of which a Chinese one takes two."""
    return sum(
        2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
        if not unicodedata.combining(character)
    )


def _count_fitting(text: str, width: int) -> int:
    """Estimate how many of a text's characters have this width."""
    return width * len(text) // max(1, text_width(text)) or width


def style_axes(axes: Axes) -> None:
    """Give axes the common text size, a light grid, and no frame above and right.

    Args:
        axes: The axes to change, in place.
    """
    axes.tick_params(labelsize=TEXT_SIZE)
    axes.grid(color=GRID_COLOUR, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def interval_arms(values: Any, low: Any, high: Any) -> np.ndarray:
    """Give the lengths of error bars below and above values, shape (2, n).

    They are never negative: an interval may miss its value by a rounding error.
    """
    values, low, high = (np.asarray(side, dtype=float) for side in (values, low, high))
    return np.array([values - low, high - values]).clip(min=0)
