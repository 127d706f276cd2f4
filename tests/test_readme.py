"""The README's results are the published ones."""

import re

import pandas as pd

from tests.conftest import ROOT


def test_the_table_of_results_is_that_of_the_published_runs():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `(exp\w+)` \|.*\| ([\d.]+) % \| ([^|]+) \|[^|]+\|$", page, re.M
    )
    published = pd.read_csv(ROOT / "docs/results/summary_by_experiment.csv")
    results = published.set_index("experiment").to_dict("index")
    assert len(rows) == 14
    for name, reported, ours in rows:
        if name not in results:
            assert ours == "not run"
            continue
        result = results[name]
        assert float(reported) == round(100 * result["reported_test_accuracy"], 2)
        assert ours == f"{100 * result['mean']:.2f} % ({result['seeds']})"
