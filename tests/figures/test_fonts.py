import copy
import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib import font_manager

from cifar_kedro.figures import fonts
from cifar_kedro.figures.style import (
    new_figure,
    shorten_title,
    text_width,
    wrap_title,
)
from cifar_kedro.figures.svg import render_svg

CHINESE = "基础网络"
DEJAVU = Path(mpl.get_data_path()) / "fonts/ttf"
FOX = "\N{FOX FACE}"  # as `CHINESE`, in none of matplotlib's own fonts


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    """Begin as a process does, and leave no trace."""
    cached = (fonts._find_families, fonts._list_installed, fonts._characters)
    for function in cached:
        function.cache_clear()
    monkeypatch.setattr(fonts, "_warned", [])
    yield
    for function in cached:
        function.cache_clear()


@pytest.fixture
def without_fonts(monkeypatch):
    """A machine with no other fonts than those that come with matplotlib."""
    monkeypatch.setattr(fonts, "_list_installed", lambda: [])


@pytest.fixture
def with_chinese_font(tmp_path, monkeypatch):
    """A machine with a font of the list, installed since matplotlib listed its fonts."""
    from fontTools.ttLib import TTFont

    font = TTFont(DEJAVU / "DejaVuSansMono.ttf")
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap.update({ord(character): "A" for character in CHINESE})
    for record in font["name"].names:
        if record.nameID in (1, 4, 16):
            record.string = "Noto Sans CJK SC"
    font.save(tmp_path / "chinese.ttf")
    (tmp_path / "broken.ttf").write_text("no font")
    entries = [f for f in font_manager.fontManager.ttflist if "Noto" not in f.name]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", entries)
    paths = [str(tmp_path / name) for name in ("broken.ttf", "chinese.ttf")]
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: paths)
    yield
    font_manager.fontManager._findfont_cached.cache_clear()


def draw(title):
    figure = new_figure(title, height=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.draw_without_rendering()
    (text,) = figure.texts
    return text.get_fontfamily()


def test_a_family_that_is_installed_fills_in(with_chinese_font, caplog):
    assert draw(f"exp14: {CHINESE}") == ["sans-serif", "Noto Sans CJK SC"]
    assert not caplog.records


def test_texts_that_need_no_other_font_keep_theirs(with_chinese_font):
    assert draw("Größe: Ωμέγα, жизнь, שלום, العربية") == ["sans-serif"]


def test_what_no_font_has_is_told_once_with_what_to_install(
    without_fonts, caplog, recwarn
):
    for title in (CHINESE, CHINESE, f"{FOX} {CHINESE}"):
        assert draw(title) == ["sans-serif"]
        render_svg(new_figure(title, height=2))
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    message = record.getMessage()
    assert all(character in message for character in CHINESE)
    assert "fonts-noto-core, fonts-noto-cjk" in message
    assert not recwarn.list


def test_other_warnings_of_drawing_remain(without_fonts):
    figure = new_figure("a title with no room for axes", height=0.2)
    figure.subplots()
    with pytest.warns(UserWarning, match="constrained_layout not applied"):
        figure.draw_without_rendering()


def test_a_figure_of_plain_texts_is_matplotlibs_to_the_byte(monkeypatch):
    def render():
        figure = new_figure("Ünïcode: a long title " * 9, height=2)
        axes = figure.subplots()
        axes.semilogx([1, 1000], [1, 2], label="ours")
        axes.set_yticks([1, 2], ["one", "two"])
        figure.legend()
        return render_svg(figure)

    ours = render()
    monkeypatch.setattr(fonts.AnyScriptFigure, "draw", fonts.Figure.draw)
    assert render() == ours


def test_a_figure_can_be_copied():
    figure = copy.deepcopy(new_figure("a", height=2))
    figure.draw_without_rendering()


def test_fonts_wait_for_the_first_figure():
    code = "import sys, cifar_kedro.pipelines.reporting.pipeline; print('matplotlib' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"KEDRO_DISABLE_TELEMETRY": "1"},
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("é", 1), ("e\u0301", 1), ("基础", 4), (FOX, 2)],
)
def test_a_wide_character_takes_two(text, width):
    assert text_width(text) == width


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("", ""),
        ("one two three", "one two\nthree"),
        ("基" * 9, "基基基基\n基基基基\n基"),
        ("a $b$ c", r"a \$b\$ c"),
    ],
)
def test_a_title_is_broken_in_any_script(title, lines):
    assert wrap_title(title, 8) == lines
    new_figure(title, height=2).draw_without_rendering()


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("", ""),
        ("one two", "one two"),
        ("one two three four", "one two ..."),
        ("基" * 6, "基" * 6),
        ("基" * 20, "基基 ..."),
        ("$x", r"\$x"),
    ],
)
def test_a_title_is_cut_in_any_script(title, short):
    assert shorten_title(title, 12) == short
