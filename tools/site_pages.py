"""Fill the generated pages of the site, and turn links to files into links to pages.

mkdocs calls this module, because `mkdocs.yml` names it under ``hooks``.
"""

import ast
import os
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from settings_reference import describe_settings

from cifar_kedro.pipelines.reporting.report.page import DEFINITIONS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

# The pages of the site that stand for files outside docs/.
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "src/cifar_kedro/config": "reference/settings.md",
}

# The rest of the marker's line is for those who read the file itself.
_MARKER = re.compile(r"^.*<!-- generated: (\S+) -->$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page: Any, files: Any, **_: Any) -> str:
    """Insert the generated parts. A link to a file that is no page becomes text."""
    uri = page.file.src_uri
    pages = {file.src_uri for file in files.documentation_pages()}
    assets = {file.src_uri for file in files} - pages

    def fill(marker: re.Match[str]) -> str:
        name = marker[1]
        if name == "settings":
            return describe_settings()
        if name == "definitions":
            return define_terms()
        if name.startswith("cifar_kedro."):
            return list_modules(name)
        text = (ROOT / name).read_text(encoding="utf-8")
        text = re.sub(r"\A# .*\n", "", text)
        return lead_links(text, ROOT, uri, pages | assets)

    markdown = lead_links(markdown, (DOCS / uri).parent, uri, pages | assets)
    return _MARKER.sub(fill, markdown)


def lead_links(text: str, folder: Path, page: str, files: set[str]) -> str:
    """Turn relative links into links to pages of the site.

    Args:
        text: Markdown.
        folder: The folder where its links start.
        page: The page with this text, relative to docs/.
        files: All files of the site, relative to docs/.

    Returns:
        The text. A link to a file that is in the repository, but not in the site, becomes
        its words. A link that leads nowhere stays, so that mkdocs refuses it.
    """

    def lead(link: re.Match[str]) -> str:
        words, path, anchor = link.groups()
        target = Path(os.path.normpath(folder / path))
        if not target.exists():
            return link[0]
        inside = target.relative_to(ROOT).as_posix()
        if inside in PAGES:
            uri = PAGES[inside]
            anchor = "" if inside == "README.md" else anchor
        elif (uri := inside.removeprefix("docs/")) not in files or uri == inside:
            return words
        relative = os.path.relpath(uri, Path(page).parent)
        return f"[{words}]({relative}{anchor or ''})"

    return _LINK.sub(lead, text)


def define_terms() -> str:
    """Give the definitions of the report page, with the numbers that the code uses."""
    templates = PackageLoader("cifar_kedro", "pipelines/reporting/report/templates")
    page = Environment(loader=templates, autoescape=True)
    return page.get_template("methods.html.j2").render(DEFINITIONS)


def list_modules(room: str) -> str:
    """Name the modules of a package for mkdocstrings. Its own docstring comes first."""
    folder = ROOT / "src" / room.replace(".", "/")
    modules = [
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
        for path in sorted(folder.rglob("*.py"))
    ]
    return "\n\n".join(
        f"::: {module.removesuffix('.__init__')}\n    options: {{members: false}}"
        if module.endswith("__init__")
        else f"::: {module}"
        for module in modules
        if ast.get_docstring(ast.parse(_source(module)))
    )


def _source(module: str) -> str:
    return (ROOT / "src" / (module.replace(".", "/") + ".py")).read_text("utf-8")
