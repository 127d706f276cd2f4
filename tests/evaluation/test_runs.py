import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from cifar_kedro.evaluation.runs import read_results
from tests.helpers.runs import (
    EXPERIMENTS,
    PARAMETERS,
    make_history,
    make_predictions,
    make_results,
    make_run,
)

LABELS = {"labels": make_predictions(0.5, 50)["labels"]}


def read(*runs, statuses=None, test=LABELS, parameters=None, **failing):
    """Read runs as Kedro hands them over: the summary, and a function for each file."""
    keys = [f"{run.experiment}/seed-{run.seed}" for run in runs]
    statuses = dict.fromkeys(keys, "complete") | (statuses or {})

    def loaders(attribute):
        return {
            key: failing.get(attribute, lambda run=run: getattr(run, attribute))
            for key, run in zip(keys, runs, strict=True)
        }

    return read_results(
        summarise(statuses),
        loaders("metrics"),
        loaders("history"),
        loaders("predictions"),
        test,
        parameters or PARAMETERS,
    )


def summarise(statuses):
    rows = [(*key.split("/seed-"), status) for key, status in statuses.items()]
    table = pd.DataFrame(rows, columns=["experiment", "seed", "status"])
    return table.astype({"seed": int})


def finished(name="exp0", **changes):
    """Make a run that its early stopping ended."""
    history = make_history()
    history["val_loss"] = [2.0, *[3.0] * 19]
    return make_run(name, 0.6, history, images=50, **changes)


def test_runs_are_read_in_the_order_of_the_configuration_and_seeds():
    results = read(finished("exp10"), finished(seed=2), finished(seed=0))
    assert [(r.experiment, r.seed) for r in results.runs] == [
        ("exp0", 0),
        ("exp0", 2),
        ("exp10", 0),
    ]
    run = results.runs[0]
    assert run.stop == "val_loss no better for 5 epochs"
    assert run.issues == ()
    assert run.accuracy() == run.correct().mean() == 0.6


def test_a_status_in_the_summary_other_than_complete_is_an_issue():
    cut = "cut short: 20 of up to 500 epochs"
    (run,) = read(make_run("exp0", 0.6, images=50), statuses={"exp0/seed-0": cut}).runs
    assert run.issues == (cut,)
    assert run.stop is None


def test_parameters_that_kedro_has_validated_are_read_too():
    parameters = PARAMETERS | {"exp0": EXPERIMENTS["exp0"]}
    assert read(finished(), parameters=parameters).experiments == EXPERIMENTS


def test_an_experiment_that_is_wrongly_configured_stops_no_report():
    parameters = PARAMETERS | {"exp1": PARAMETERS["exp1"] | {"network": {}}}
    status = "stale: not validly configured"
    runs = finished(), finished("exp1")
    results = read(*runs, parameters=parameters, statuses={"exp1/seed-0": status})
    assert [run.experiment for run in results.runs] == ["exp0"]
    assert results.failures == {"exp1/seed-0": status}
    assert "exp1" not in results.experiments


@pytest.mark.parametrize(
    ("test", "issues"),
    [({"labels": np.zeros(50, np.uint8)}, ("tested on other images",)), ({}, ())],
    ids=["others", "none"],
)
def test_a_run_tested_on_other_images_says_so(test, issues):
    (run,) = read(finished(), test=test).runs
    assert run.issues == issues


@pytest.mark.parametrize("changed", ["history", "predictions"])
def test_files_of_different_trainings_are_no_result(changed):
    other = {
        "history": lambda: make_history().iloc[:-1],
        "predictions": lambda: make_predictions(0.5, 50),
    }
    (run,) = read(finished(), **{changed: other[changed]}).runs
    assert run.issues == ("history, metrics and predictions of different trainings",)


def test_runs_are_put_together_by_seed():
    bad = {"issues": ("cut short",)}
    results = make_results(
        *(make_run("exp0", 0.5, seed=seed, images=50) for seed in (0, 2, 3)),
        *(make_run("exp1", 0.5, seed=seed, images=50) for seed in (1, 3)),
        make_run("exp1", 0.5, seed=2, images=50, **bad),
        make_run("exp2", 0.5, seed=4, images=50),
        make_run("exp3", 0.5, seed=0, images=50, **bad),
    )

    def seeds(*names):
        return [[r[n].seed for n in names] for r in results.together(names)]

    assert seeds("exp0") == [[0], [2], [3]]
    assert seeds("exp0", "exp1") == [[3, 3]]
    assert seeds("exp0", "exp2") == [[0, 4]]  # no seed in common
    assert seeds("exp0", "exp3") == seeds("exp0", "exp4") == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("no such file\nand a long story"), "OSError: no such file"),
        (DatasetError("a/history.csv is not what"), "a/history.csv is not what"),
    ],
)
@pytest.mark.parametrize("file", ["metrics", "history", "predictions"])
def test_a_run_that_has_nothing_to_show_is_listed_with_the_reason(
    error, reason, file, caplog
):
    def broken():
        raise error

    results = read(finished(), **{file: broken})
    assert results.runs == []
    assert results.failures == {"exp0/seed-0": f"unreadable: {reason}"}
    assert (
        f"exp0/seed-0 is left out of the report page: unreadable: {reason}"
        in caplog.text
    )


def test_a_run_whose_metrics_can_not_be_relied_on_shows_nothing():
    status = "unreadable: metrics.json says that it is of exp4/seed-0"
    results = read(finished(), finished("exp1"), statuses={"exp0/seed-0": status})
    assert [run.experiment for run in results.runs] == ["exp1"]
    assert results.failures == {"exp0/seed-0": status}


def test_what_failed_and_what_is_no_longer_configured_have_their_status():
    statuses = {
        "exp1/seed-4": "failed: MemoryError: not enough",
        "exp99/seed-0": "stale: not configured",
    }
    results = read(finished(), finished("exp99"), statuses=statuses)
    assert [run.experiment for run in results.runs] == ["exp0"]
    assert results.failures == statuses


def test_the_representative_run_is_chosen_by_seed_and_issues_alone():
    bad = {"issues": ("cut short",)}
    runs = [
        make_run("exp0", 0.9, seed=0, images=50, **bad),
        make_run("exp0", 0.5, seed=1, images=50),
        make_run("exp0", 0.8, seed=2, images=50),
        make_run("exp1", 0.5, seed=3, images=50, **bad),
        make_run("exp1", 0.8, seed=4, images=50, **bad),
    ]
    results = make_results(*runs)
    assert results.representative("exp0").seed == 1
    assert results.representative("exp1").seed == 3
    assert results.representative("exp2") is None


def test_on_other_data_the_original_reports_figures_stand_beside_nothing():
    run = finished()
    data = {"name": "digits", "class_names": ["0", "1"], "image_shape": [8, 8, 1]}
    run.metrics["provenance"] = (run.metrics.get("provenance") or {}) | {"data": data}
    results = read(run)
    assert results.data_set.name == "digits"
    assert results.runs[0].class_names == ("0", "1")
    assert not any(e.reported for e in results.experiments.values())
    assert any(e.reported for e in read(finished()).experiments.values())


def test_a_run_on_other_data_is_listed_and_not_shown():
    results = read(finished(), statuses={"exp0/seed-0": "other data: digits"})
    assert results.runs == []
    assert results.failures == {"exp0/seed-0": "other data: digits"}
