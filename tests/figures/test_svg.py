import re
import xml.etree.ElementTree as ET

import pytest

from cifar_kedro.figures.class_accuracy import plot_class_accuracy
from cifar_kedro.figures.svg import inline_svg, render_svg
from tests.helpers.runs import make_run


@pytest.fixture(scope="module")
def svg():
    return render_svg(plot_class_accuracy(make_run("exp0", 0.8)))


def test_the_same_figure_gives_the_same_file(svg):
    assert render_svg(plot_class_accuracy(make_run("exp0", 0.8))) == svg


def test_texts_stay_texts(svg):
    texts = [e.text for e in ET.fromstring(svg).iter() if e.tag.endswith("}text")]
    assert "automobile" in texts


def test_a_part_of_a_page_has_ids_of_its_own_that_are_all_found(svg):
    part = inline_svg(svg, "exp0-classes", "Accuracy")
    ids = re.findall(r'\bid="([^"]*)"', part)
    used = re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', part)
    assert len(ids) == len(set(ids)) > 10
    assert all(name.startswith("exp0-classes-") for name in ids)
    assert used and {a or b for a, b in used} <= set(ids)


def test_a_part_of_a_page_takes_its_colours_from_the_page(svg):
    part = inline_svg(svg, "a", "Accuracy")
    assert re.findall("#[0-9a-fA-F]{6}", svg)
    assert not re.findall("#[0-9a-fA-F]{6}", part)
    assert "var(--ground)" in part and "var(--ink)" in part


def test_a_part_of_a_page_is_described_and_sized_by_the_page(svg):
    root = ET.fromstring(inline_svg(svg, "a", 'Accuracy of "cat" & <dog>'))
    assert root.get("aria-label") == 'Accuracy of "cat" & <dog>'
    assert root.get("role") == "img"
    assert (root.get("width"), root.get("height")) == (None, None)
    assert root.get("style") == "--natural: 442px"  # 4.6 inches
