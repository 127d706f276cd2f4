"""Fonts for titles and file names in any script."""

import logging
import warnings
from contextlib import suppress
from functools import cache
from typing import Any

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.text import Text

logger = logging.getLogger(__name__)

# Asked in this order for what DejaVu Sans lacks, if the machine has them.
# fmt: off
_FAMILIES = (
    "Noto Sans", "Noto Sans CJK SC", "Noto Sans SC", "Noto Sans Devanagari",
    "Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Thai", "Noto Sans Symbols2",
    "Noto Emoji",
    # Linux
    "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
    "Droid Sans Fallback", "Lohit Devanagari", "FreeSans", "Symbola",
    # macOS
    "PingFang SC", "Hiragino Sans GB", "Hiragino Sans", "Heiti TC",
    "Apple SD Gothic Neo", "Geeza Pro", "Kohinoor Devanagari", "Devanagari MT",
    "Thonburi", "Apple Symbols", "Arial Unicode MS",
    # Windows
    "Microsoft YaHei", "SimHei", "SimSun", "Yu Gothic", "MS Gothic",
    "Malgun Gothic", "Nirmala UI", "Mangal", "Leelawadee UI", "Ebrima", "Gadugi",
    "Segoe UI", "Segoe UI Symbol", "Segoe UI Emoji", "Arial", "Unifont",
)
# fmt: on
# A font for each script, asked last: 150 of them take a second or two.
_FAMILIES_OF_SCRIPTS = "Noto Sans "


class AnyScriptFigure(Figure):
    """A figure whose texts take missing characters from other fonts.

    Fonts are chosen text by text, when the figure is drawn. A figure that needs no other
    font stays as it was, to the byte.
    """

    def draw(self, renderer: Any) -> None:
        """Draw, without matplotlib's warning of each missing glyph: we have our own.

        Args:
            renderer: Given by matplotlib.
        """
        for text in self.findobj(Text):
            _choose_fonts(text)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
            super().draw(renderer)


def _choose_fonts(text: Text) -> None:
    own = text.get_fontfamily()[0]
    missing = {c for c in text.get_text() if c.isprintable()} - _characters(own)
    if missing:
        text.set_fontfamily([own, *_find_families(frozenset(missing))])


@cache
def _find_families(missing: frozenset[str]) -> list[str]:
    """Find installed families that together have these characters."""
    families = []
    left = set(missing)
    for family in _list_installed():
        if left & _characters(family):
            families.append(family)
            left -= _characters(family)
        if not left:
            return families
    _warn_once("".join(sorted(left)))
    return families


@cache
def _list_installed() -> list[str]:
    """List the families to ask, without those that the machine lacks.

    matplotlib warns of each family that it cannot find. Its list of the machine's fonts
    lacks those that were installed later.
    """
    known = {font.fname for font in fontManager.ttflist}
    for path in font_manager.findSystemFonts():
        if path not in known:
            with suppress(Exception):  # coloured emoji, for example, it cannot draw
                fontManager.addfont(path)
    names = {font.name for font in fontManager.ttflist}
    scripts = sorted(n for n in names if n.startswith(_FAMILIES_OF_SCRIPTS))
    return [name for name in dict.fromkeys((*_FAMILIES, *scripts)) if name in names]


@cache
def _characters(family: str) -> frozenset[str]:
    """Give the characters that a family has."""
    path = font_manager.findfont(FontProperties(family=[family]))
    return frozenset(map(chr, font_manager.get_font(path).get_charmap()))


_warned: list[str] = []


def _warn_once(characters: str) -> None:
    if not _warned:
        _warned.append(characters)
        logger.warning(
            "No font of this machine has %r, so figures show boxes in their place. "
            "Install fonts: on Debian fonts-noto-core, fonts-noto-cjk and, for emoji, "
            "fonts-symbola; elsewhere the families of Noto. Coloured emoji fonts do not work.",
            characters,
        )
