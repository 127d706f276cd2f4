import pandas as pd

from cifar_kedro.evaluation.comparisons import COLUMNS
from cifar_kedro.evaluation.scores import describe_seeds, score_runs
from cifar_kedro.pipelines.reporting.report.sections import (
    list_changes,
    list_provenance,
    list_rows,
    make_section,
)
from tests.helpers.runs import EXPERIMENTS, make_results, make_run


def test_every_run_and_every_experiment_without_one_has_a_row():
    cut = make_run("exp1", 0.4, issues=("cut short: 1 of up to 100 epochs",))
    results = make_results(make_run("exp0", 0.6), make_run("exp0", 0.7, seed=1), cut)
    rows = list_rows(results, score_runs(results))
    assert [(row.name, row.status) for row in rows[:4]] == [
        ("exp0", "complete"),
        ("exp0", "complete"),
        ("exp1", "cut short: 1 of up to 100 epochs"),
        ("exp2", "not run"),
    ]
    assert len(rows) == len(EXPERIMENTS) + 1
    assert [row.end["accuracy"] for row in rows[:2]] == [0.6, 0.7]
    assert rows[3].run is None and rows[3].reported == 0.7688


def test_changes_are_those_of_the_yaml():
    assert list_changes("exp9", make_results()) == [
        ("training.optimizer.learning_rate", 0.001, 0.01),
        ("training.early_stopping.val_loss", 15, 30),
        ("training.early_stopping.val_accuracy", 15, 30),
        ("training.reduce_lr.patience", 5, 20),
    ]
    switched_off = list_changes("exp10", make_results())
    (augmentation,) = [c for c in switched_off if c[0] == "augmentation"]
    assert augmentation[1]["rotation_range"] == 20.0 and augmentation[2] is None
    first = dict((key, after) for key, _, after in list_changes("exp0", make_results()))
    assert first["network.dense"] == [32]
    assert first["training.epochs"] == 500
    assert "title" not in first and "augmentation" not in first


def test_provenance_is_listed_without_the_parameters():
    run = make_run("exp0", 0.6, images=50)
    del run.metrics["provenance"]
    assert list_provenance(run) == []
    run.metrics["provenance"] = {
        "parameters": {"network": {}},
        "code": {"version": "0.1.0", "clean": True, "commit": None},
        "backend": "tensorflow",
    }
    assert list_provenance(run) == [
        ("backend", "tensorflow"),
        ("code.version", "0.1.0"),
        ("code.clean", True),
    ]


def test_a_section_gathers_its_experiment_alone():
    results = make_results(make_run("exp0", 0.6), make_run("exp1", 0.7))
    section = make_section(
        "exp1",
        results,
        list_rows(results, score_runs(results)),
        pd.DataFrame(columns=[*COLUMNS]),
        describe_seeds(results),
    )
    assert [row.name for row in section.rows] == ["exp1"]
    assert section.seeds["seeds"] == 1
    assert section.builds_on == "exp0"
    assert section.layers[-1]["name"] == "classes"


def test_views_stand_beside_the_plain_accuracy():
    run = make_run("exp13", 0.8)
    run.predictions["views"] = make_run("exp13", 0.9).predictions["end"]
    run.metrics["test_time_views"] = {"test_cross_entropy": 0.5}
    results = make_results(run, make_run("exp0", 0.6))
    rows = {row.name: row for row in list_rows(results, score_runs(results)) if row.run}
    assert rows["exp13"].end["accuracy"] == 0.8
    assert rows["exp13"].views["accuracy"] == 0.9
    assert rows["exp0"].views is None
