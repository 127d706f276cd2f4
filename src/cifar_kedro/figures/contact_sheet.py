"""Every classified image, with its prediction."""

import math
import unicodedata
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cifar_kedro.config import Classify
from cifar_kedro.figures.image_grid import draw_images, list_corners
from cifar_kedro.figures.style import MUTED_COLOUR, new_figure, text_width

_COLUMNS, _ROWS = 6, 6
# From one image to the next, and to the one below, in sides of an image.
_WIDTH, _HEIGHT = 36 / 32, 47 / 32
_INCHES = 8.9  # of all columns
_FILE_WIDTH = 18
# Points: "automobile 100%" still fits below its image.
_NAME_SIZE, _FILE_SIZE = 11, 9


def plot_contact_sheet(
    prepared_images: np.ndarray,
    classified_images: pd.DataFrame,
    classify: Classify,
    seed: int,
) -> dict[str, Figure]:
    """Plot the classified images, 36 on a page.

    Args:
        prepared_images: float32 (n, side, side, channels) in [0, 1].
        classified_images: A row per file: `file`, `class`, `probability` and
            `problem`. It is empty for the n images.
        classify: Names the model.
        seed: Seed that the model was trained with.

    Returns:
        A matplotlib figure per page, 9 inches wide, by its file (``page-01.png``).
    """
    rows = classified_images[classified_images["problem"] == ""]
    starts = range(0, len(prepared_images), _COLUMNS * _ROWS)
    digits = max(2, len(str(len(starts))))  # files sort as pages
    pages = {}
    for number, start in enumerate(starts, start=1):
        part = slice(start, start + _COLUMNS * _ROWS)
        pages[f"page-{number:0{digits}}.png"] = _plot_page(
            prepared_images[part],
            rows[part],
            f"Classified by {classify.experiment}, {classify.weights} weights, "
            f"seed {seed}: page {number} of {len(starts)}",
        )
    return pages


def _plot_page(images: np.ndarray, rows: pd.DataFrame, title: str) -> Figure:
    side = images.shape[1]
    down, across = math.ceil(_HEIGHT * side), math.ceil(_WIDTH * side)
    corners = list_corners(len(images), _COLUMNS, down, across)
    corners[:, 1] += (across - side) // 2
    height, width = corners[-1, 0] + down, _COLUMNS * across
    figure = new_figure(title, height=0.5 + _INCHES * height / width)
    axes = figure.subplots()
    axes.set_axis_off()
    draw_images(axes, images, corners, (height, width))
    for corner, row in zip(corners, rows.to_dict("records"), strict=True):
        name = f"{row['class']} {row['probability']:.0%}"
        place = corner + np.array([side, (side - 1) / 2])
        _write(axes, place, side / 32, name, fontsize=_NAME_SIZE)
        file = _name_file(row["file"])
        _write(
            axes, place, 6 * side / 32, file, fontsize=_FILE_SIZE, color=MUTED_COLOUR
        )
    return figure


def _name_file(file: str) -> str:
    """Name a file in one line: a long name by its end, where files differ."""
    file = unicodedata.normalize("NFC", file)
    file = "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(character) == "Cc"
        else character
        for character in file
    )
    if text_width(file) <= _FILE_WIDTH:
        return file
    while text_width(file) >= _FILE_WIDTH:
        file = file[1:]
    return "\N{HORIZONTAL ELLIPSIS}" + file


def _write(
    axes: Axes, place: np.ndarray, below: float, text: str, **style: Any
) -> None:
    """Write centred, some pixels below a place. No text is read as a formula."""
    bottom, middle = place
    axes.text(
        middle,
        bottom + below,
        text,
        ha="center",
        va="top",
        parse_math=False,
        **style,
    )
