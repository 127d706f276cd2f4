import pandas as pd
import pytest

from cifar_kedro.pipelines.reporting.report import formats


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.per_cent(0.6298), "62.98 %"),
        (formats.per_cent(None), formats.MISSING),
        (formats.interval(0.62028, 0.63921), "[62.0, 63.9]"),
        (formats.interval(float("nan"), float("nan")), formats.MISSING),
        (formats.points(2.4), "+2.40"),
        (formats.points(-0.594), "\N{MINUS SIGN}0.59"),
        (formats.points(pd.NA), formats.MISSING),
        (formats.p_value(0.0004), "< 0.001"),
        (formats.p_value(0.04), "0.040"),
        (formats.p_value(0.04, relation=True), "= 0.040"),
        (formats.p_value(float("nan")), formats.MISSING),
        (formats.whole(263402), "263,402"),
        (formats.duration(3665.4), "1:01:05"),
        (formats.duration(59.6), "0:01:00"),
        (formats.setting(None), formats.MISSING),
        (formats.setting(True), "yes"),
        (formats.setting(1e-05), "1e-05"),
        (
            formats.setting([{"filters": [32], "pool": False}]),
            "[{filters: [32], pool: no}]",
        ),
    ],
)
def test_writes(written, expected):
    assert written == expected
