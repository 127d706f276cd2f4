import warnings

import numpy as np
import pandas as pd
import pytest

from cifar_kedro.config import Classify
from cifar_kedro.figures import contact_sheet
from cifar_kedro.figures.contact_sheet import plot_contact_sheet
from tests.helpers.images import make_images

CLASSIFY = Classify(experiment="exp9", weights="best", images="mine")


def make_sheet(count, file="image-{}.png", name="automobile"):
    images = make_images(count)["images"]
    table = pd.DataFrame({"file": [file.format(i) for i in range(count)]})
    table = table.assign(**{"class": name, "probability": 0.996, "problem": ""})
    return images, plot_contact_sheet(images, table, CLASSIFY, seed=3)


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (36, 1), (37, 2), (300, 9)])
def test_hundreds_of_images_are_pages(count, pages):
    _, sheet = make_sheet(count)
    assert list(sheet) == [f"page-{i + 1:02}.png" for i in range(pages)]
    *full, last = sheet.values()
    shown = [len(texts(figure)) // 2 for figure in (*full, last)]
    assert shown == [36] * (pages - 1) + [count - 36 * (pages - 1)]
    assert last.get_suptitle() == (
        f"Classified by exp9, best weights, seed 3: page {pages} of {pages}"
    )


def test_a_hundred_pages_sort_by_number(monkeypatch):
    monkeypatch.setattr(contact_sheet, "_COLUMNS", 1)
    monkeypatch.setattr(contact_sheet, "_ROWS", 1)
    _, sheet = make_sheet(100)
    assert list(sheet) == sorted(sheet)
    assert list(sheet)[-1] == "page-100.png"


def test_files_with_a_problem_are_on_no_page():
    images = make_images(2)["images"]
    table = pd.DataFrame({"file": ["a.png", "Thumbs.db", "z.png"]})
    table["class"], table["probability"] = ["cat", "", "dog"], [0.9, np.nan, 0.8]
    table["problem"] = ["", "no image", ""]
    (page,) = plot_contact_sheet(images, table, CLASSIFY, seed=3).values()
    assert texts(page) == ["cat 90%", "a.png", "dog 80%", "z.png"]


def test_every_image_stands_above_its_text():
    images, sheet = make_sheet(38)
    for page, start in zip(sheet.values(), (0, 36), strict=True):
        axes = page.axes[0]
        picture = np.asarray(axes.images[0].get_array())
        for i, text in enumerate(axes.texts[1::2]):
            assert text.get_text() == f"image-{start + i}.png"
            middle, y = text.get_position()
            left, top = int(middle - 15.5), int(y) // 47 * 47
            assert top + 32 <= y < top + 47
            np.testing.assert_array_equal(
                picture[top : top + 32, left : left + 32, :3],
                (255 * images[start + i]).round(),
            )


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("a.png", "a.png"),
        ("x" * 18, "x" * 18),
        (
            "folder/" + "x" * 30 + "7.png",
            "\N{HORIZONTAL ELLIPSIS}" + "x" * 12 + "7.png",
        ),
        (r"$\frac{$.png", r"$\frac{$.png"),
        # A wide character takes the room of two.
        ("基" * 7 + ".png", "基" * 7 + ".png"),
        ("基" * 9 + ".png", "\N{HORIZONTAL ELLIPSIS}" + "基" * 6 + ".png"),
        ("cafe\N{COMBINING ACUTE ACCENT}.png", "caf\xe9.png"),
        ("Icon\r", "Icon\N{REPLACEMENT CHARACTER}"),
        ("two\nlines.png", "two\N{REPLACEMENT CHARACTER}lines.png"),
    ],
)
def test_a_file_is_named_as_it_is_called(file, shown):
    _, sheet = make_sheet(1, file=file.replace("{", "{{"))
    (figure,) = sheet.values()
    assert texts(figure) == ["automobile 100%", shown]
    figure.draw_without_rendering()  # no formula: this would raise


def test_no_text_reaches_its_neighbours():
    _, sheet = make_sheet(36, file="W-wide-name-{}.jpeg")
    (figure,) = sheet.values()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # layout that does not fit
        figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    for i, box in enumerate(boxes):
        assert figure.bbox.containsx(box.x0) and figure.bbox.containsx(box.x1)
        assert box.y0 > 0
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
