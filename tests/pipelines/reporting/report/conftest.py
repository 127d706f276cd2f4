"""A report of three experiments, one of them cut short, with two seeds of the first."""

import io

import numpy as np
import pandas as pd
import pytest

from cifar_kedro.evaluation.claims.claims import judge_claims
from cifar_kedro.evaluation.comparisons import compare_experiments
from cifar_kedro.evaluation.runs import Results
from cifar_kedro.evaluation.scores import describe_seeds, score_runs
from cifar_kedro.pipelines.reporting.report.figures import plot_report_figures
from cifar_kedro.pipelines.reporting.report.page import write_report
from tests.runs import CLAIMS, EXPERIMENTS, make_predictions, make_run

SHEET = b"\x89PNG, not really"


@pytest.fixture(scope="session")
def results() -> Results:
    names = ("exp0", "exp1", "exp7", "exp11")
    return Results(
        {name: EXPERIMENTS[name] for name in names},
        [
            make_run("exp0", 0.6, images=500),
            make_run("exp0", 0.61, seed=1, images=500),
            make_run("exp1", 0.9, images=500),
            make_run("exp7", 0.2, images=500, caveats=("cut short: 1 of 200",)),
        ],
        {"exp1/seed-4": "OSError: <broken> & gone"},
    )


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


@pytest.fixture(scope="session")
def report(results: Results) -> tuple[str, str, dict[str, str]]:
    return make_report(results)
