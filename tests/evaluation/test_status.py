import json

import pandas as pd
import pytest

from cifar_kedro.config.inheritance import inherit_experiments
from cifar_kedro.evaluation import status
from tests.helpers.experiments import (
    NETWORK,
    TRAINING,
    load_parameters,
    make_experiment,
)
from tests.helpers.paths import ROOT
from tests.helpers.runs import make_history

RUNS = ROOT / "docs/results/runs"
AUGMENTATION = {"rotation_range": 10.0}


def make_parameters(**changes):
    """Today's parameters: `tiny`, and `heir`, which builds on it."""
    tiny = {"title": "Tiny", "network": NETWORK, "training": TRAINING}
    heir = {"title": "Heir", "builds_on": "tiny"}
    base = {"seed": 0, "validation_images": 20, "max_epochs": None}
    return inherit_experiments({**base, "tiny": tiny, "heir": heir} | changes)


def make_metrics(name="tiny", started="2026-01-02T00:00:00+00:00", epochs=2, **changes):
    """The metrics of a run with today's parameters, but for what is changed."""
    experiment = make_experiment(name=name, **changes.pop("experiment", {}))
    provenance = {
        "parameters": experiment.model_dump(),
        "validation_images": 20,
        "max_epochs": None,
        "started": started,
    }
    # as it comes back from the file
    metrics = {
        "epochs": epochs,
        "training_seconds": 2.0 * epochs,
        "parameters": {"total": 1000},
        "provenance": provenance | changes,
    }
    return json.loads(json.dumps(metrics))


def tell_status(metrics, failure, parameters, history=None):
    """Tell the status of a run with a history of as many epochs as its metrics have."""
    if history is None:
        history = make_history().iloc[: (metrics or {}).get("epochs", 0)]
    return status.tell_status(metrics, failure, lambda: history, parameters)


def make_failure(time):
    return {
        "node": "tiny.train_model_node",
        "error": "ValueError",
        "message": "first line\nsecond line",
        "time": time,
    }


def test_a_run_with_todays_parameters_is_complete():
    for name in ("tiny", "heir"):
        assert tell_status(make_metrics(name), None, make_parameters()) == "complete"


def test_settings_that_came_later_have_their_default_in_older_results():
    metrics = make_metrics()
    del metrics["provenance"]["parameters"]["network"]["activation"]
    assert tell_status(metrics, None, make_parameters()) == "complete"
    today = make_parameters(
        tiny={
            "title": "Tiny",
            "network": NETWORK | {"activation": "gelu"},
            "training": TRAINING,
        }
    )
    assert tell_status(metrics, None, today) == "stale: network.activation"


def test_settings_that_are_no_more_make_a_result_stale():
    metrics = make_metrics()
    metrics["provenance"]["parameters"]["network"]["cutout"] = 8
    assert tell_status(metrics, None, make_parameters()) == "stale: network.cutout"


def test_names_change_no_result():
    metrics = make_metrics(
        experiment={
            "title": "Another",
            "builds_on": "exp0",
            "reported": {"test_accuracy": 0.5, "training_seconds": 1.0},
        }
    )
    assert tell_status(metrics, None, make_parameters()) == "complete"


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"validation_images": 500}, "validation_images"),
        ({"experiment": {"training": {"epochs": 3}}}, "training.epochs"),
        ({"experiment": {"network": {"dense": [9]}}}, "network.dense"),
        ({"experiment": {"augmentation": AUGMENTATION}}, "augmentation"),
        (
            {
                "experiment": {
                    "network": {"dropout": 0.5, "blocks": [{"filters": [5]}]},
                    "training": {
                        "optimizer": {"name": "sgd", "learning_rate": 0.1},
                        "early_stopping": {"loss": 3},
                    },
                },
                "max_epochs": 2,
            },
            "network.blocks, network.dropout, training.optimizer.name, "
            "training.optimizer.learning_rate, training.early_stopping.loss",
        ),
    ],
)
def test_a_run_with_other_parameters_is_stale_and_says_which(changes, keys):
    status = tell_status(make_metrics(**changes), None, make_parameters())
    assert status == f"stale: {keys}"


@pytest.mark.parametrize("bound", [None, 1, 8])
@pytest.mark.parametrize(
    ("epochs", "status"), [(1, "cut short: 1 of up to 2 epochs"), (2, "complete")]
)
def test_no_bound_says_whether_a_training_came_to_its_end(bound, epochs, status):
    bounded = make_metrics(epochs=epochs, max_epochs=bound)
    assert tell_status(bounded, None, make_parameters()) == status
    free = make_metrics(epochs=epochs)
    assert tell_status(free, None, make_parameters(max_epochs=bound)) == status


@pytest.mark.parametrize(
    ("losses", "status"),
    [
        ([1.0, 2.0, 2.0], "complete"),  # stopped early, under a larger bound
        ([2.0, 1.0, 2.0], "cut short: 3 of up to 9 epochs"),
    ],
)
def test_early_stopping_is_a_trainings_own_end(losses, status):
    training = {"epochs": 9, "early_stopping": {"val_loss": 2}}
    block = {"title": "T", "network": NETWORK, "training": TRAINING | training}
    metrics = make_metrics(epochs=3, max_epochs=8, experiment={"training": training})
    history = make_history().iloc[:3].assign(val_loss=losses)
    parameters = make_parameters(tiny=block)
    assert tell_status(metrics, None, parameters, history) == status


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        (make_history().iloc[:1], "history of another training"),
        (make_history(seconds=9.0).iloc[:2], "history of another training"),
    ],
)
def test_without_its_history_no_run_is_complete(history, reason):
    told = tell_status(make_metrics(), None, make_parameters(), history)
    assert told == f"unknown: {reason}"
    told = status.tell_status(make_metrics(), None, None, make_parameters())
    assert told == "unknown: no history"


def test_every_published_run_is_complete():
    parameters, told = load_parameters(), {}
    for path in RUNS.glob("*/*/metrics.json"):
        metrics = json.loads(path.read_text())
        history = pd.read_csv(path.with_name("history.csv"))
        told[path.parent] = tell_status(metrics, None, parameters, history)
    assert set(told.values()) == {"complete"}, told


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        (1000, "complete"),
        (None, "complete"),  # nobody knows
        (263_402, "other network: 1,000 parameters, the original has 263,402"),
    ],
)
@pytest.mark.parametrize("epochs", [1, 2])  # it would be cut short, too
def test_a_network_that_is_not_the_originals_says_so(expected, status, epochs):
    reported = {"test_accuracy": 0.5, "training_seconds": 1.0, "parameters": expected}
    parameters = make_parameters()
    parameters["tiny"]["reported"] = reported
    if epochs == 1 and status == "complete":
        status = "cut short: 1 of up to 2 epochs"
    assert tell_status(make_metrics(epochs=epochs), None, parameters) == status


def test_what_an_experiment_inherits_counts():
    training = TRAINING | {"epochs": 7}
    changed = {"title": "Tiny", "network": NETWORK, "training": training}
    parameters = make_parameters(tiny=changed)
    assert tell_status(make_metrics("heir"), None, parameters) == (
        "stale: training.epochs"
    )


def test_what_is_not_configured_or_wrongly_is_stale():
    parameters = make_parameters()
    parameters["tiny"]["network"] = {"blocks": []}
    for name, reason in (
        ("gone", "not configured"),
        ("tiny", "not validly configured"),
    ):
        status = tell_status(make_metrics(name), None, parameters)
        assert status == f"stale: {reason}"


def test_metrics_older_than_provenance_are_stale():
    assert tell_status({}, None, make_parameters()) == "stale: no provenance"


@pytest.mark.parametrize("metrics", [None, {}, make_metrics()])
def test_a_failure_is_told_with_its_first_line(metrics):
    failure = make_failure("2026-01-03T00:00:00+00:00")
    status = tell_status(metrics, failure, make_parameters())
    assert status == "failed: ValueError: first line"


def test_a_failure_before_the_training_of_the_metrics_is_over():
    failure = make_failure("2026-01-01T00:00:00+00:00")
    assert tell_status(make_metrics(), failure, make_parameters()) == "complete"
