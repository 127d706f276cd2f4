"""Made-up runs of the report's experiments, with any accuracy and history."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cifar_kedro.config import Experiment
from cifar_kedro.evaluation.claims.claims import Claims
from cifar_kedro.evaluation.data_sets import DataSet
from cifar_kedro.evaluation.runs import Results, Run
from tests.helpers.experiments import load_parameters

PARAMETERS = load_parameters()
BLOCKS = {
    name: block
    for name, block in PARAMETERS.items()
    if isinstance(block, dict) and "title" in block
}
CLAIMS = Claims.model_validate(PARAMETERS["claims"])
EXPERIMENTS = {n: Experiment.model_validate(block) for n, block in BLOCKS.items()}
IMAGES = 10_000
LAYER = {"shape": [10], "parameters": 500, "trainable": 500}


def make_history(
    accuracy: float = 0.9, val_accuracy: float = 0.8, **columns: Any
) -> pd.DataFrame:
    """Make a history of twenty epochs that ends at these accuracies."""
    progress = np.linspace(0.1, 1, 20)
    history = pd.DataFrame(
        {
            "epoch": np.arange(1, 21),
            "loss": 2.3 - 2 * progress,
            "accuracy": accuracy * progress,
            "val_loss": 2.3 - 1.5 * progress,
            "val_accuracy": val_accuracy * progress,
            "learning_rate": 0.001,
            "seconds": 2.0,
        }
    )
    return history.assign(**columns)


def make_predictions(accuracy: float, images: int = IMAGES) -> dict[str, np.ndarray]:
    """Make predictions of which the first ones are right, all with confidence 0.7."""
    labels = (np.arange(images) % 10).astype(np.uint8)
    right = np.arange(images) < round(accuracy * images)
    probabilities = np.full((images, 10), 0.3 / 9, dtype=np.float32)
    answers = np.where(right, labels, (labels + 1) % 10)
    probabilities[np.arange(images), answers] = 0.7
    return {"end": probabilities, "best": probabilities, "labels": labels}


def make_run(
    experiment: str,
    accuracy: float,
    history: pd.DataFrame | None = None,
    *,
    seed: int = 0,
    issues: tuple[str, ...] = (),
    images: int = IMAGES,
) -> Run:
    """Make a run of one of the report's experiments."""
    history = make_history() if history is None else history
    scores = {
        "train_accuracy": history["accuracy"].iloc[-1],
        "validation_accuracy": history["val_accuracy"].iloc[-1],
        "test_accuracy": accuracy,
        "test_cross_entropy": 1.2345,
    }
    metrics = {
        "experiment": experiment,
        "seed": seed,
        "parameters": {"total": 1000 + len(experiment), "trainable": 1000},
        "layers": [
            {**LAYER, "name": "conv1_1", "kind": "Conv2D", "macs": 27_648},
            {**LAYER, "name": "classes", "kind": "Dense", "macs": 160},
        ],
        "epochs": len(history),
        "best_epoch": 20,
        "training_seconds": 40.0,
        "weights": {"end": scores, "best": scores},
        "provenance": {
            "hardware": {"processor": "a processor", "cores": 2, "accelerators": []}
        },
    }
    predictions = make_predictions(accuracy, images)
    stop = None if issues else "val_loss no better for 5 epochs"
    return Run(experiment, seed, metrics, history, predictions, stop, issues)


def make_results(*runs: Run) -> Results:
    """Put runs among the report's experiments."""
    return Results(EXPERIMENTS, list(runs))


def make_metrics(name="exp9", **changes):
    return {
        **make_run(name, 0.75).metrics,
        "title": EXPERIMENTS[name].title,
        "architecture_only": False,
        "test_time_views": None,
        "reported": {"test_accuracy": 0.9},
        "provenance": {
            "parameters": EXPERIMENTS[name].model_dump(),
            "seed": 0,
            "validation_images": 10_000,
            "max_epochs": None,
            "code": {"version": "0.1.0", "commit": "c0ffee", "clean": True},
            "started": "2026-01-01T00:00:00+00:00",
            "seconds": 60.5,
        },
        **changes,
    }


def make_results_of(classes: int, channels: int = 3, accuracy: float = 0.6) -> Results:
    """Make a run of exp0 on made-up data of so many classes, 90 test images in all."""
    run = make_run("exp0", accuracy, images=90)
    names = tuple(f"class {number}" for number in range(classes))
    data = DataSet("made up", names, (8, 8, channels))
    labels = np.arange(90) % classes
    predicted = np.where(np.arange(90) < 90 * accuracy, labels, (labels + 1) % classes)
    predictions = {"labels": labels.astype(np.uint8)} | {
        weights: 0.9 * np.eye(classes, dtype=np.float32)[predicted] + 0.1 / classes
        for weights in ("end", "best")
    }
    run.metrics["provenance"]["data"] = data.as_json()
    run = replace(run, predictions=predictions)
    experiments = {"exp0": EXPERIMENTS["exp0"].model_copy(update={"reported": None})}
    return Results(experiments, [run], data_set=data)
