import copy
import io
import random
import re
from typing import Any

import pandas as pd
import pytest
from kedro.io import DatasetError

from cifar_kedro.config.inheritance import inherit_experiments
from cifar_kedro.evaluation.summary import judge_objectives, summarise_runs
from tests.helpers.experiments import NETWORK, TRAINING, make_experiment
from tests.helpers.images import make_images
from tests.helpers.runs import make_history

# The row of `make_metrics`, in the order of the columns.
ROW = {
    "experiment": "exp4",
    "title": "Dropout 30 %",
    "seed": 0,
    "status": "stale: no provenance",
    "parameters": 965034,
    "epochs": 40,
    "best_epoch": 35,
    "train_accuracy_end": 0.9124,
    "train_accuracy_best": 0.9,
    "validation_accuracy_end": 0.8211,
    "validation_accuracy_best": 0.8299,
    "test_accuracy_end": 0.8135,
    "test_accuracy_best": 0.8202,
    "reported_test_accuracy": 0.8125,
    "difference_points": 0.1,
    "training_seconds": 360.1,
    "seconds_per_epoch": 9.0,
    "meets_80_from_architecture": True,
    "meets_90": False,
}


def make_metrics(experiment: str = "exp4", seed: int = 0, **changes: Any) -> dict:
    metrics = {
        "experiment": experiment,
        "title": "Dropout 30 %",
        "seed": seed,
        "parameters": {"total": 965034, "trainable": 963370, "non_trainable": 1664},
        "epochs": 40,
        "best_epoch": 35,
        "training_seconds": 360.1,
        "architecture_only": True,
        "weights": {
            "end": {
                "train_accuracy": 0.91236,
                "validation_accuracy": 0.8211,
                "test_accuracy": 0.8135,
                "test_cross_entropy": 1.0,
            },
            "best": {
                "train_accuracy": 0.9,
                "validation_accuracy": 0.8299,
                "test_accuracy": 0.8202,
                "test_cross_entropy": 0.9,
            },
        },
        "reported": {"test_accuracy": 0.8125, "training_seconds": 224.3},
    }
    return metrics | changes


def as_runs(*metrics: dict) -> dict:
    """Partitions as Kedro hands them over: a function for each."""
    return {
        f"{m['experiment']}/seed-{m['seed']}": lambda m=m: copy.deepcopy(m)
        for m in metrics
    }


def summarise(metrics: dict, failures: dict | None = None) -> pd.DataFrame:
    return summarise_runs(metrics, failures or {}, {}, {}, {})


FAILURE = {
    "node": "exp9.train_model_node",
    "error": "MemoryError",
    "message": 'not enough, says "it"\nand more',
    "time": "2026-01-02T00:00:00+00:00",
}


def test_a_row_holds_the_metrics_of_a_run():
    table = summarise(as_runs(make_metrics()))
    assert list(table) == list(ROW)
    assert table.to_dict("records") == [ROW]


def test_rows_are_in_natural_order():
    expected = [
        ("exp0", 0),
        ("exp0", 2),
        ("exp0", 10),
        ("exp1", 0),
        ("exp8a", 0),
        ("exp8b", 0),
        ("exp9", 0),
        ("exp10", 0),
        ("tiny", 0),
    ]
    metrics = [make_metrics(name, seed) for name, seed in expected]
    random.Random(0).shuffle(metrics)
    table = summarise(as_runs(*metrics))
    assert list(zip(table["experiment"], table["seed"], strict=True)) == expected
    assert table.index.tolist() == list(range(len(expected)))


def test_flags_of_evaluated_experiments_only_order_the_run():
    runs = as_runs(make_metrics())
    pd.testing.assert_frame_equal(
        summarise_runs(runs, {}, {}, {}, {}, True, True), summarise(runs)
    )


@pytest.mark.parametrize(
    ("accuracy", "architecture_only", "meets_80", "meets_90"),
    [
        (0.7999, True, False, False),
        (0.8, True, True, False),
        (0.9, True, True, True),
        (0.8999999761581421, True, True, True),  # 0.9 in float32
        (0.91, False, None, True),
        (0.5, False, None, False),
    ],
)
def test_objectives(accuracy, architecture_only, meets_80, meets_90):
    met = judge_objectives(accuracy, architecture_only)
    assert met.get("meets_80_from_architecture") is meets_80
    assert met["meets_90"] is meets_90


def test_csv_leaves_empty_what_is_not_known():
    metrics = make_metrics(reported=None, architecture_only=False)
    empty = {
        "reported_test_accuracy",
        "difference_points",
        "meets_80_from_architecture",
    }
    assert known(summarise(as_runs(metrics)), 0) == {
        key: str(value) for key, value in ROW.items() if key not in empty
    }


@pytest.mark.parametrize(
    "path",
    [
        ("experiment",),
        ("reported",),
        ("weights",),
        ("weights", "best", "test_accuracy"),
        ("parameters", "total"),
    ],
)
def test_a_missing_key_is_named_and_keeps_no_other_run_away(path):
    runs = as_runs(make_metrics("exp0"), make_metrics("exp9", 2))
    broken = make_metrics("exp9", 2)
    inner = broken
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    runs["exp9/seed-2"] = lambda: broken
    table = summarise(runs)
    pd.testing.assert_frame_equal(table[:1], summarise(as_runs(make_metrics("exp0"))))
    status = known(table, 1).pop("status")
    assert known(table, 1) == {"experiment": "exp9", "seed": "2", "status": status}
    assert re.match(rf"unreadable: .*metrics\.json lacks .*{'.'.join(path)}", status)


def known(table: pd.DataFrame, row: int) -> dict[str, str]:
    """Read a row back from CSV, without what is empty."""
    text = io.StringIO(table.to_csv(index=False))
    cells = pd.read_csv(text, dtype=str, keep_default_na=False).iloc[row]
    return {key: value for key, value in cells.items() if value}


def test_metrics_of_another_run_are_not_reported():
    copied = {"exp4/seed-1": lambda: make_metrics("exp4", 0)}
    assert known(summarise(copied), 0) == {
        "experiment": "exp4",
        "seed": "1",
        "status": "unreadable: ValueError: metrics.json says that it is of exp4/seed-0, "
        "expected exp4/seed-1: files were moved or copied. Move them back, or delete them",
    }


def test_metrics_that_are_empty_are_not_reported():
    (status,) = summarise({"exp0/seed-0": lambda: {}})["status"]
    assert status.startswith("unreadable: ValueError: metrics.json lacks experiment")


def test_metrics_that_can_not_be_read_are_told_in_one_line():
    def broken() -> dict:
        raise DatasetError("exp4/seed-1/metrics.json is not what\nand a long story")

    table = summarise(as_runs(make_metrics()) | {"exp4/seed-1": broken})
    assert known(table, 1)["status"] == (
        "unreadable: exp4/seed-1/metrics.json is not what"
    )
    assert table["test_accuracy_end"].tolist() == [0.8135, pd.NA]


def test_no_run_is_refused_with_what_to_do_first():
    with pytest.raises(ValueError, match=r"Nothing has run yet: .*--pipelines exp0"):
        summarise({})


def test_a_run_that_failed_before_it_had_metrics_has_a_row_of_its_own():
    failures = {"exp10/seed-3": lambda: FAILURE}
    table = summarise(as_runs(make_metrics("exp2"), make_metrics("exp11")), failures)
    assert table["experiment"].tolist() == ["exp2", "exp10", "exp11"]
    assert known(table, 1) == {
        "experiment": "exp10",
        "seed": "3",
        "status": 'failed: MemoryError: not enough, says "it"',
    }
    assert table.dtypes.equals(summarise(as_runs(make_metrics())).dtypes)


def test_a_summary_of_failures_only():
    table = summarise({}, {"exp9/seed-0": lambda: FAILURE})
    assert table["status"].tolist() == ['failed: MemoryError: not enough, says "it"']


def test_results_stay_beside_a_newer_failure():
    table = summarise(as_runs(make_metrics("exp9")), {"exp9/seed-0": lambda: FAILURE})
    assert table["status"].str.startswith("failed: MemoryError").tolist() == [True]
    assert table["test_accuracy_end"].tolist() == [0.8135]


def test_the_status_is_read_from_the_runs_own_history():
    block = {"title": "Tiny", "network": NETWORK, "training": TRAINING}
    parameters = inherit_experiments({"validation_images": 20, "tiny": block})
    experiment = make_experiment().model_dump()
    provenance = {"parameters": experiment, "validation_images": 20, "started": ""}
    ended = {"epochs": 2, "training_seconds": 4.0, "provenance": provenance}
    runs = as_runs(*(make_metrics("tiny", seed, **ended) for seed in range(3)))

    def broken() -> pd.DataFrame:
        raise OSError("no such file")

    histories = {"tiny/seed-0": lambda: make_history().iloc[:2], "tiny/seed-1": broken}
    table = summarise_runs(runs, {}, histories, {}, parameters)
    assert table["status"].tolist() == [
        "complete",
        "unreadable: OSError: no such file",
        "unknown: no history",
    ]


def test_a_failure_that_cannot_be_read_is_named():
    def broken() -> dict:
        raise OSError("torn")

    (status,) = summarise(as_runs(make_metrics()), {"exp4/seed-0": broken})["status"]
    assert status == "unreadable: OSError: torn"


def test_a_run_on_other_data_than_todays_has_a_status_and_no_figures():
    data = {"name": "digits", "class_names": ["0", "1"], "image_shape": [8, 8, 1]}
    provenance = {"data": data, "parameters": {"name": "exp4"}}
    runs = as_runs(make_metrics(), make_metrics(seed=1, provenance=provenance))
    table = summarise_runs(runs, {}, {}, make_images(10), {})
    assert table["status"].iloc[1] == "other data: digits, 2 classes"
    assert table.drop(columns=["experiment", "seed", "status"]).iloc[1].isna().all()
    assert table["test_accuracy_end"].notna().iloc[0]
