"""The page in a real browser; skipped where no Chromium is installed."""

import shutil

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic"],
        )


@pytest.fixture
def open_page(browser, report, tmp_path):
    """Open the page, and check that it has no error and asks for nothing else."""
    path = tmp_path / "report.html"
    path.write_text(report[0], encoding="utf-8")
    complaints = []

    def open_it(**options):
        page = browser.new_page(**options)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                request.url.startswith(("file:", "data:"))
                or complaints.append(request.url)
            ),
        )
        page.goto(path.as_uri())
        return page

    yield open_it
    assert complaints == []


def rows(page):
    return [
        row.split()[0]
        for row in page.locator("#summary-table tbody tr").all_inner_texts()
    ]


def test_the_summary_is_sorted_by_a_press_and_back_by_another(open_page):
    page = open_page()
    assert rows(page) == ["exp0", "exp0", "exp1", "exp7", "exp11"]
    test = page.get_by_role("button", name="test", exact=True)
    heading = page.locator("th", has=test)
    test.click()
    assert rows(page) == ["exp7", "exp0", "exp0", "exp1", "exp11"]
    assert heading.get_attribute("aria-sort") == "ascending"
    test.press("Enter")
    assert rows(page) == ["exp1", "exp0", "exp0", "exp7", "exp11"]  # missing: last
    assert heading.get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="experiment", exact=True).click()
    assert rows(page) == ["exp0", "exp0", "exp1", "exp7", "exp11"]
    assert heading.get_attribute("aria-sort") is None


def test_the_summary_fits_a_window_of_1200_pixels(open_page):
    page = open_page(viewport={"width": 1185, "height": 800})  # less a scroll bar's 15
    frame = page.get_by_role("region", name="Summary table")
    assert frame.evaluate("element => element.scrollWidth - element.clientWidth") == 0


def test_nothing_is_wider_than_a_telephone(open_page):
    page = open_page(viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize(
    ("scheme", "ground", "ink"),
    [
        ("light", "rgb(255, 255, 255)", "rgb(0, 0, 0)"),
        ("dark", "rgb(22, 24, 28)", "rgb(236, 238, 240)"),
    ],
)
def test_figures_follow_light_and_dark(open_page, scheme, ground, ink):
    page = open_page(color_scheme=scheme)
    style = "(element, name) => getComputedStyle(element)[name]"
    gains = page.locator('svg[aria-label^="Gain"]')
    assert gains.locator("path").first.evaluate(style, "fill") == ground
    assert gains.locator("text").first.evaluate(style, "fill") == ink
    assert page.locator("body").evaluate(style, "backgroundColor") == ground


def test_on_paper_everything_is_open(open_page):
    page = open_page()
    network = page.locator("details").first
    assert network.get_attribute("open") is None
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(
        part.get_attribute("open") is not None for part in page.locator("details").all()
    )
