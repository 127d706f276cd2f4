"""The report page of made-up runs."""

import io

import numpy as np
import pandas as pd

from cifar_kedro.evaluation.claims.claims import judge_claims
from cifar_kedro.evaluation.comparisons import compare_experiments
from cifar_kedro.evaluation.runs import Results
from cifar_kedro.evaluation.scores import describe_seeds, score_runs
from cifar_kedro.pipelines.reporting.report.figures import plot_report_figures
from cifar_kedro.pipelines.reporting.report.page import write_report
from tests.helpers.runs import CLAIMS, make_predictions

SHEET = b"\x89PNG, not really"
TEST = {
    "images": np.zeros((500, 32, 32, 3), dtype=np.float32),
    "labels": make_predictions(0.5, 500)["labels"],
}


def make_report(
    results: Results, test: dict[str, np.ndarray] = TEST
) -> tuple[str, str, dict[str, str]]:
    """Make the page, the Markdown, and the figures, tables read back from CSV."""
    comparisons = read_back(compare_experiments(results, CLAIMS))
    scores = read_back(score_runs(results))
    figures = plot_report_figures(results, comparisons, scores, test)
    page, markdown = write_report(
        results,
        comparisons,
        scores,
        read_back(describe_seeds(results)),
        read_back(judge_claims(results, comparisons, CLAIMS)),
        {name: lambda svg=svg: svg for name, svg in figures.items()},
        {"exp7/seed-0": lambda: SHEET},
    )
    return page, markdown, figures


def read_back(table: pd.DataFrame) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(table.to_csv(index=False)))
