import json
import re

import pytest

from cifar_kedro.tracked_run import (
    describe_evaluation,
    describe_failure,
    list_parameters,
    list_scores,
)
from tests.helpers.runs import (
    EXPERIMENTS,
    PARAMETERS,
    make_history,
    make_metrics,
)

NEW_YEAR = 1_767_225_600_000  # 2026, ms
SCORES = (
    *("train_accuracy", "validation_accuracy"),
    *("test_accuracy", "test_cross_entropy"),
)


def test_an_evaluation_is_told_with_its_curves_and_scores():
    run = describe_evaluation(make_metrics(), make_history(val_accuracy=0.8))
    assert (run.name, run.status) == ("exp9, seed 0", "FINISHED")
    assert (run.start, run.end) == (NEW_YEAR, NEW_YEAR + 60_500)
    curve = [metric for metric in run.metrics if metric[0] == "val_accuracy"]
    assert [step for *_, step in curve] == [*range(1, 21)]
    assert curve[0][2] == NEW_YEAR + 2000 and curve[-1][2] == NEW_YEAR + 40_000
    assert curve[-1][1] == pytest.approx(0.8)
    assert ("test_accuracy_end", 0.75, NEW_YEAR + 60_500, 0) in run.metrics
    assert {key for key, *_ in run.metrics} == {
        *(f"{score}_{weights}" for weights in ("end", "best") for score in SCORES),
        *("parameters", "epochs", "best_epoch", "training_seconds"),
        *("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"),
    }
    assert not any(isinstance(value, bool) for _, value, *_ in run.metrics)
    assert run.tags == {
        "experiment": "exp9",
        "architecture_only": "false",
        "mlflow.note.content": "Learning rate 0.01, data augmentation",
        "mlflow.source.name": "cifar_kedro",
        "mlflow.source.git.commit": "c0ffee",
    }
    assert run.documents == {"metrics.json": make_metrics()}


def test_outside_a_checkout_there_is_no_commit_to_tell():
    metrics = make_metrics()
    metrics["provenance"]["code"]["commit"] = None
    assert (
        "mlflow.source.git.commit"
        not in describe_evaluation(metrics, make_history()).tags
    )


def test_the_views_of_a_test_have_scores_of_their_own():
    views = {"test_accuracy": 0.9, "test_cross_entropy": 0.3}
    scores = list_scores(make_metrics(test_time_views=views))
    assert scores["test_accuracy_views"] == 0.9
    assert scores["test_accuracy_end"] == 0.75


def test_parameters_are_those_of_the_training_not_of_today():
    metrics = make_metrics()
    metrics["provenance"]["parameters"]["network"]["dropout"] = 0.123
    run = describe_evaluation(metrics, make_history())
    assert run.parameters["network.dropout"] == "0.123"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_parameters_are_leaves_as_yaml_has_them_and_mlflow_takes_them(name):
    experiment = EXPERIMENTS[name].model_dump()
    parameters = list_parameters({"parameters": experiment, "seed": 3})
    assert parameters["seed"] == "3"
    optimizer = experiment["training"]["optimizer"]
    assert parameters["training.optimizer.name"] == optimizer["name"]
    rate = parameters["training.optimizer.learning_rate"]
    assert json.loads(rate) == optimizer["learning_rate"]
    assert json.loads(parameters["network.blocks"]) == experiment["network"]["blocks"]
    assert parameters["training.epochs"] == str(experiment["training"]["epochs"])
    # mlflow.utils.validation: names, lengths, and how many in one request
    assert all(re.fullmatch(r"[/\w.\- ]{1,250}", key) for key in parameters)
    assert max(map(len, parameters.values())) <= 500
    assert len(parameters) <= 100


def test_a_failure_is_told_by_its_kind_and_place_without_its_message():
    error = PermissionError("s3://me:hunter2@store/data")
    run = describe_failure(PARAMETERS, "exp3", "exp3.train_model_node", error)
    assert (run.name, run.status, run.metrics) == ("exp3, seed 0", "FAILED", [])
    assert run.tags["failed_node"] == "exp3.train_model_node"
    assert run.tags["error"] == "PermissionError"
    assert run.parameters["network.batch_norm"] == "true"
    assert run.parameters["validation_images"] == "10000"
    assert "hunter2" not in str(run)
