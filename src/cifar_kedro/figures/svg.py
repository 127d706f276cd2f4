"""Figures as SVG files, and as parts of a page."""

import html
import io
import re

import matplotlib as mpl
from matplotlib.figure import Figure

from cifar_kedro.figures.style import (
    BEST_COLOUR,
    GRID_COLOUR,
    GROUND_COLOUR,
    MUTED_COLOUR,
    OURS_COLOUR,
    REPORT_COLOUR,
    TRAIN_STYLE,
    VALIDATION_STYLE,
)

# Figures have colours for light surroundings. On a page its variables replace them.
_VARIABLES = {
    OURS_COLOUR: "--ink",
    MUTED_COLOUR: "--muted",
    GRID_COLOUR: "--grid",
    GROUND_COLOUR: "--ground",
    REPORT_COLOUR: "--report",
    BEST_COLOUR: "--best",
    TRAIN_STYLE["color"]: "--train",
    VALIDATION_STYLE["color"]: "--validation",
    "#cccccc": "--grid",  # matplotlib's frame of a legend
}


def render_svg(figure: Figure) -> str:
    """Render a matplotlib figure as an SVG file: the same figure gives the same file.

    Texts stay texts: they can be searched and read aloud.
    """
    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "cifar_kedro"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def inline_svg(svg: str, name: str, description: str) -> str:
    """Turn an SVG file into a part of a page.

    Args:
        svg: What `render_svg` gives.
        name: Prefix of its ids, which must be unique on the page.
        description: What the figure shows, for readers who cannot see it.

    Returns:
        An element that takes its colours from variables of the page.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.S)
    svg = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    for colour, variable in _VARIABLES.items():
        svg = re.sub(rf"{colour}\b", f"var({variable})", svg, flags=re.I)
    opening, rest = svg.split(">", 1)
    width = re.search(r'width="([\d.]+)pt"', opening)
    assert width is not None  # matplotlib writes it
    opening = re.sub(r' (width|height)="[^"]*"', "", opening)
    pixels = round(float(width[1]) * 4 / 3)
    label = html.escape(description)
    return f'{opening} role="img" aria-label="{label}" style="--natural: {pixels}px">{rest}'
