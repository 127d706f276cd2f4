"""The tables of README.md and of the results page are those of the published runs."""

import result_tables

from tests.helpers.paths import ROOT

RESULTS = ROOT / "docs/results"
EXPERIMENTS = result_tables.load_experiments()


def test_the_readme_has_the_table_of_the_published_runs():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    table = result_tables.tabulate_experiments(
        EXPERIMENTS, RESULTS, result_tables.README_COLUMNS
    )
    assert f"<!-- results -->\n{table}\n<!-- end of results -->" in page


def test_the_results_page_has_the_tables_of_the_published_runs():
    page = (RESULTS / "README.md").read_text(encoding="utf-8")
    experiments = result_tables.tabulate_experiments(
        EXPERIMENTS, RESULTS, result_tables.PAGE_COLUMNS
    )
    assert f"<!-- experiments -->\n{experiments}\n<!-- end of experiments -->" in page
    runs = result_tables.tabulate_runs(RESULTS / "runs")
    assert f"<!-- runs -->\n{runs}\n<!-- end of runs -->" in page
