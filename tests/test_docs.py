"""The documentation site, and the links and sentences of its pages."""

import os
import re
import shutil
import statistics
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec

import pytest
import yaml

from cifar_kedro.config import Experiment, RunSettings
from cifar_kedro.config.inheritance import inherit_experiments
from cifar_kedro.evaluation.claims.claims import Claims
from cifar_kedro.evaluation.significance import RESAMPLES
from tests.helpers.experiments import load_parameters
from tests.helpers.paths import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

needs_mkdocs = pytest.mark.skipif(
    not (find_spec("mkdocs") and find_spec("mkdocstrings")),
    reason="the extra is not installed: pip install -c requirements.lock -e '.[docs]'",
)

LINK = re.compile(r"\[[^\]]*\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)")
LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src"}


# --- The pages as they are -------------------------------------------------------------


def text_of(path):
    """Read a page without its blocks of code."""
    return re.sub(r"^( *)```.*?^\1```", "", path.read_text("utf-8"), flags=re.M | re.S)


def anchors_of(text):
    """List the anchors of a page's headings, as mkdocs and code hosts make them."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in headings
    }


@pytest.mark.parametrize(
    "path",
    [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_every_relative_link_leads_somewhere(path):
    dead = []
    for name, anchor in LINK.findall(text_of(path)):
        target = path.parent / name if name else path
        if not target.exists():
            dead.append(name)
        elif anchor and target.suffix == ".md":
            text = text_of(target)
            if "<!-- generated:" not in text and anchor not in anchors_of(text):
                dead.append(f"{name}#{anchor}")
    assert dead == []


def sentences_of(text):
    """List the sentences of a page; a table or a heading has none."""
    text = re.sub(r"^ *\|.*$|^#.*$", "", text, flags=re.M)
    text = re.sub(r"<!--.*?-->|!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`]+`", "code", text)
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", text)
    return [
        sentence
        for block in blocks
        for sentence in re.split(r"(?<=[.?!])\s+(?=[\w*(\"])", block.strip())
        if len(sentence.split()) > 2
    ]


def test_sentences_of_a_text():
    text = "# Heading\n\nOne two three. Four five\nsix: seven.\n\n| a | b c d. |\n\n- Eight `b. c` nine."
    assert sentences_of(text) == [
        "One two three.",
        "Four five\nsix: seven.",
        "- Eight code nine.",
    ]


@pytest.mark.parametrize(
    "path",
    [p for p in PAGES if p.name != "report.md"],
    ids=lambda path: path.relative_to(DOCS).as_posix(),
)
def test_half_of_the_sentences_have_at_most_18_words(path):
    lengths = [len(sentence.split()) for sentence in sentences_of(text_of(path))]
    assert statistics.median(lengths or [0]) <= 18


def test_the_examples_of_the_guide_are_valid():
    page = (DOCS / "guides/experiments.md").read_text("utf-8")
    experiment, claims = map(
        yaml.safe_load, re.findall(r"```yaml\n(.*?)```", page, re.S)
    )
    parameters = load_parameters() | experiment
    Experiment.model_validate(inherit_experiments(parameters)["exp14"])
    Claims.model_validate(claims["claims"])


# --- The site --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


class Assets(HTMLParser):
    """Lists what a browser fetches to show a page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "link" and values.get("rel") != "canonical":
            self.found.append(values["href"])
        elif value := values.get(LOADING.get(tag)):
            self.found.append(value)
        assert "mermaid" not in (values.get("class") or "")  # the theme would fetch it


@needs_mkdocs
def test_the_site_fetches_nothing_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > len(PAGES) / 2
    for path in pages:
        assets = Assets()
        assets.feed(path.read_text("utf-8"))
        assert [a for a in assets.found if re.match(r"(https?:)?//", a)] == [], path
    for path in site.rglob("*.css"):
        style = path.read_text("utf-8")
        assert not re.search(r"(url\(|@import\s*)[\"']?(https?:)?//", style), path


@needs_mkdocs
def test_the_page_of_settings_has_every_setting_with_its_meaning(site, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    import settings_reference

    page = (site / "reference/settings.html").read_text("utf-8")
    for file, model in settings_reference.FILES.items():
        for _, section in [("", model), *settings_reference.sections_of(model)]:
            meanings = settings_reference.meanings_of(section)
            for name in section.model_fields:
                assert f"<code>{name}</code>" in page, f"{file}: {name}"
                assert meanings.get(name), f"{file}: {section.__name__}.{name}"
    assert set(RunSettings.model_fields) <= set(re.findall(r"<code>(\w+)</code>", page))


@needs_mkdocs
def test_links_out_of_the_site_lead_to_its_pages_or_become_text(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    import site_pages

    def lead(link):
        files = {"index.md", "guides/run.md", "contributing.md"}
        return site_pages.lead_links(link, DOCS / "guides", "guides/run.md", files)

    assert lead("[a](../../README.md#set-up)") == "[a](../index.md)"
    assert lead("[a](../../CONTRIBUTING.md#rules)") == "[a](../contributing.md#rules)"
    assert lead("[a](run.md#what-it-costs)") == "[a](run.md#what-it-costs)"
    assert lead("[a](../../tests/conftest.py)") == "a"
    assert lead("[a](../../docs/results/)") == "a"
    assert lead("[a](gone.md)") == "[a](gone.md)"  # for mkdocs to refuse


@needs_mkdocs
def test_the_definitions_have_the_numbers_of_the_code(site):
    page = (site / "how-it-works/statistics.html").read_text("utf-8")
    assert f"{RESAMPLES:,}" in page


@needs_mkdocs
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed")
def test_search_works_where_the_site_is_opened_as_files(site):
    from playwright.sync_api import sync_playwright

    asked = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "index.html").as_uri())
        page.get_by_role("textbox", name="Search").click()
        page.keyboard.type("ended_at_bound")
        result = page.locator(".md-search-result__item").first
        result.wait_for()
        assert "bound" in result.inner_text().lower()
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
