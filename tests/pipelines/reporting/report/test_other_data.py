"""The report page of other data than CIFAR-10."""

import numpy as np
import pytest

from tests.helpers.report import make_report
from tests.helpers.runs import make_results_of


@pytest.mark.parametrize(("classes", "channels"), [(2, 1), (3, 3), (30, 3)])
def test_the_page_says_what_it_is_of_and_nothing_of_the_original(classes, channels):
    results = make_results_of(classes, channels)
    test = {
        "images": np.zeros((90, 8, 8, channels), np.float32),
        "labels": results.runs[0].labels,
    }
    page, markdown, figures = make_report(results, test)
    assert "<h1>made up, 1 experiments</h1>" in page
    assert "# made up, 1 experiments" in markdown
    for text in (page.partition('id="methods"')[0], markdown.partition("## exp0")[0]):
        assert "CIFAR-10" not in text and "objectives" not in text
        assert "Claims" not in text
    assert "exp0-mistakes" in figures
    assert ("The largest confusions" in page) == (classes > 20)
