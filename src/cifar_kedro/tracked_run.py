"""What MLflow is told of an experiment's run."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from cifar_kedro.config import Experiment

SECTIONS = ("network", "training", "augmentation", "test_time_views")
SETTINGS = ("seed", "validation_images", "max_epochs")


@dataclass(frozen=True)
class TrackedRun:
    """A run of one experiment with one seed, in the terms of MLflow.

    Attributes:
        name: As the list of runs shows it.
        status: ``FINISHED`` or ``FAILED``.
        tags: MLflow's own (``mlflow.``...) among them.
        parameters: Leaves of the experiment's sections as JSON, by key, with dots between
            levels; and the run's settings.
        metrics: Key, value, time (ms since 1970, UTC) and step: the epoch, or 0.
        start: When the training started, ms since 1970, UTC; None for now.
        end: When it ended.
        documents: What becomes a JSON file, by name.
    """

    name: str
    status: str
    tags: dict[str, str]
    parameters: dict[str, str]
    metrics: list[tuple[str, float, int, int]] = field(default_factory=list)
    start: int | None = None
    end: int | None = None
    documents: dict[str, Any] = field(default_factory=dict)


def describe_evaluation(metrics: dict[str, Any], history: pd.DataFrame) -> TrackedRun:
    """Describe an experiment that was trained and evaluated.

    Args:
        metrics: As evaluation wrote them. The parameters are those of their provenance,
            which may be older than the configuration.
        history: One row per epoch.
    """
    provenance = metrics["provenance"]
    start = round(1000 * datetime.fromisoformat(provenance["started"]).timestamp())
    end = start + round(1000 * provenance["seconds"])
    times = start + (1000 * history["seconds"].cumsum()).round().astype("int64")
    curves = history.drop(columns="epoch").astype(float)
    tags = {"architecture_only": json.dumps(metrics["architecture_only"])}
    if commit := provenance["code"]["commit"]:
        tags["mlflow.source.git.commit"] = commit
    return TrackedRun(
        name=_name(metrics["experiment"], metrics["seed"]),
        status="FINISHED",
        tags=_tag(provenance["parameters"]) | tags,
        parameters=list_parameters(provenance),
        metrics=[(key, value, end, 0) for key, value in list_scores(metrics).items()]
        + [
            (column, value, time, epoch)
            for column in curves
            for value, time, epoch in zip(
                curves[column].tolist(),
                times.tolist(),
                history["epoch"].tolist(),
                strict=True,
            )
        ],
        start=start,
        end=end,
        documents={"metrics.json": metrics},
    )


def describe_failure(
    parameters: dict[str, Any], experiment: str, node: str, error: Exception
) -> TrackedRun:
    """Describe an experiment that failed.

    The error's message stays out of it: what other packages write there may hold an
    address with a password. ``failure.json`` has it.

    Args:
        parameters: All parameters; the blocks are complete.
        experiment: Its name.
        node: Which node failed.
        error: With what.
    """
    block = Experiment.model_validate(parameters[experiment]).model_dump()
    return TrackedRun(
        name=_name(experiment, parameters["seed"]),
        status="FAILED",
        tags=_tag(block) | {"failed_node": node, "error": type(error).__name__},
        parameters=list_parameters(parameters | {"parameters": block}),
    )


def list_parameters(origin: dict[str, Any]) -> dict[str, str]:
    """List what a run was made with: as JSON, so as in YAML and for ``--params``.

    Args:
        origin: The run's settings, and under ``parameters`` the whole experiment.

    Examples:
        >>> list_parameters({"parameters": {"network": {"dense": [32], "l2": 0.0}}})
        {'network.dense': '[32]', 'network.l2': '0.0'}
    """
    experiment = origin["parameters"]
    chosen = {key: experiment[key] for key in SECTIONS if key in experiment}
    chosen |= {key: origin[key] for key in SETTINGS if key in origin}
    (leaves,) = pd.json_normalize(chosen).astype(object).to_dict("records")
    return {
        str(key): value if isinstance(value, str) else json.dumps(value)
        for key, value in leaves.items()
    }


def list_scores(metrics: dict[str, Any]) -> dict[str, float]:
    """List the figures that a run is compared by, named as in the summary.

    Returns:
        Such as ``test_accuracy_end`` and ``test_accuracy_best``; of the test-time views,
        if the experiment has any, ``test_accuracy_views``.
    """
    scores = metrics["weights"] | {"views": metrics["test_time_views"] or {}}
    return {
        **{
            f"{score}_{weights}": value
            for weights, values in scores.items()
            for score, value in values.items()
        },
        "parameters": metrics["parameters"]["total"],
        **{key: metrics[key] for key in ("epochs", "best_epoch", "training_seconds")},
    }


def _name(experiment: str, seed: int) -> str:
    return f"{experiment}, seed {seed}"


def _tag(experiment: dict[str, Any]) -> dict[str, str]:
    """Tag by experiment and title; MLflow shows a note as the run's description."""
    return {
        "experiment": experiment["name"],
        "mlflow.note.content": experiment["title"],
        "mlflow.source.name": "cifar_kedro",
    }
