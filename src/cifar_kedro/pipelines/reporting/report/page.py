"""The report page from its parts, as HTML and as Markdown."""

import base64
from collections.abc import Callable
from inspect import getmembers, isfunction
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cifar_kedro.evaluation import significance as statistics
from cifar_kedro.evaluation.claims import accuracy_checks, training_checks
from cifar_kedro.evaluation.comparisons import REPORT_TEST_IMAGES
from cifar_kedro.evaluation.runs import Results
from cifar_kedro.evaluation.summary import OBJECTIVES, judge_objectives
from cifar_kedro.figures.style import MOST_CLASSES
from cifar_kedro.figures.svg import inline_svg
from cifar_kedro.pipelines.reporting.report import formats
from cifar_kedro.pipelines.reporting.report.sections import (
    FIGURES,
    FIGURES_OF_MANY_CLASSES,
    list_rows,
    make_section,
)

DEFINITIONS = {
    name: getattr(module, name)
    for module in (accuracy_checks, training_checks, statistics)
    for name in dir(module)
    if name.isupper()
} | {"REPORT_TEST_IMAGES": REPORT_TEST_IMAGES}


def write_report(
    results: Results,
    comparisons: pd.DataFrame,
    scores: pd.DataFrame,
    seeds: pd.DataFrame,
    claims: pd.DataFrame,
    figures: dict[str, Callable[[], str]],
    sheets: dict[str, Callable[[], bytes]],
) -> tuple[str, str]:
    """Write the report page: HTML that loads nothing else, and the same as Markdown.

    Args:
        results: What has run.
        comparisons: The compared pairs.
        scores: What was measured of the runs.
        seeds: Each experiment over its seeds.
        claims: The judged claims.
        figures: A function that loads the SVG file, by name.
        sheets: A function that loads the PNG file of augmented images, by run.
    """
    rows = list_rows(results, scores)
    sections = [
        make_section(name, results, rows, comparisons, seeds)
        for name in results.experiments
    ]
    many = len(results.data_set.class_names) > MOST_CLASSES
    context = {
        "results": results,
        "rows": rows,
        "repeated": seeds[seeds["seeds"] > 1].to_dict("records"),
        **_list_pairs(comparisons),
        **_list_claims(claims),
        "sections": sections,
        "figures": figures,
        "captions": FIGURES_OF_MANY_CLASSES if many else FIGURES,
        "sheets": sheets,
        "objectives": _judge_objectives(results),
        **DEFINITIONS,
    }
    return _render("report.html.j2", context), _render("report.md.j2", context)


def _list_pairs(comparisons: pd.DataFrame) -> dict[str, Any]:
    """List the compared pairs, and once each those with means over enough seeds."""
    pairs = comparisons.drop_duplicates(["baseline", "experiment"])
    return {
        "comparisons": comparisons.to_dict("records"),
        "means": pairs.dropna(subset="mean_points").to_dict("records"),
        "tests": int(comparisons["p_value_holm"].notna().sum()),
    }


def _list_claims(claims: pd.DataFrame) -> dict[str, Any]:
    named = claims.fillna({"reported": formats.MISSING})
    verdicts = claims["verdict"].value_counts()
    return {"claims": named.to_dict("records"), "verdicts": verdicts.to_dict()}


def _judge_objectives(results: Results) -> list[tuple[str, list[str]]]:
    """Name the experiments that meet each of the original report's objectives."""
    if not results.is_original:
        return []
    met = {
        name: judge_objectives(run.accuracy(), experiment.architecture_only)
        for name, experiment in results.experiments.items()
        if (run := results.representative(name)) and not run.issues
    }
    return [
        (objective, [name for name, judged in met.items() if judged.get(column)])
        for column, objective in OBJECTIVES.items()
    ]


def _render(template: str, context: dict[str, Any]) -> str:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=template.endswith(".html.j2"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= dict(getmembers(formats, isfunction))

    def inline(name: str, description: str) -> Markup:
        return Markup(inline_svg(context["figures"][name](), name, description))

    def data_uri(load: Callable[[], bytes]) -> str:
        return f"data:image/png;base64,{base64.b64encode(load()).decode()}"

    return environment.get_template(template).render(
        **context, inline=inline, data_uri=data_uri
    )
