"""A report of three experiments, one of them cut short, with two seeds of the first."""

import pytest

from cifar_kedro.evaluation.runs import Results
from tests.helpers.report import make_report
from tests.helpers.runs import EXPERIMENTS, make_run


@pytest.fixture(scope="session")
def results() -> Results:
    names = ("exp0", "exp1", "exp7", "exp11")
    return Results(
        {name: EXPERIMENTS[name] for name in names},
        [
            make_run("exp0", 0.6, images=500),
            make_run("exp0", 0.61, seed=1, images=500),
            make_run("exp1", 0.9, images=500),
            make_run("exp7", 0.2, images=500, issues=("cut short: 1 of 200",)),
        ],
        {"exp1/seed-4": "OSError: <broken> & gone"},
    )


@pytest.fixture(scope="session")
def report(results: Results) -> tuple[str, str, dict[str, str]]:
    return make_report(results)
