"""What evaluation measures of a trained network, in types that JSON has."""

from typing import Any

import numpy as np
import pandas as pd

from cifar_kedro.config import Experiment
from cifar_kedro.config.data import CIFAR10_NAME, LabelledImages

_REPORTED = {"test_accuracy", "training_seconds"}


def describe_evaluation(
    experiment: Experiment,
    seed: int,
    history: pd.DataFrame,
    probabilities: dict[str, np.ndarray],
    test: LabelledImages,
) -> dict[str, Any]:
    """Describe a training, and what was measured on the test images.

    Args:
        experiment: The experiment.
        seed: Of the run.
        history: One row per epoch.
        probabilities: Of the test images, (n, classes): with the weights at the ``end``,
            with the ``best``, and over test-time ``views`` if the experiment has any.
        test: The test images. The original report's figures stand beside its own data.

    Returns:
        What metrics.json holds. Accuracies are fractions; train's is the history's.
    """
    epochs = {
        "end": history.iloc[-1],
        "best": history.loc[history["val_accuracy"].idxmax()],
    }
    measured = {name: measure(p, test["labels"]) for name, p in probabilities.items()}
    reported = experiment.reported if str(test["name"]) == CIFAR10_NAME else None
    return {
        "experiment": experiment.name,
        "title": experiment.title,
        "seed": seed,
        "architecture_only": experiment.architecture_only,
        "epochs": len(history),
        "best_epoch": int(epochs["best"]["epoch"]),
        "training_seconds": float(history["seconds"].sum()),
        "weights": {
            name: _describe_epoch(row) | measured[name] for name, row in epochs.items()
        },
        "test_time_views": measured.get("views"),
        "reported": reported and reported.model_dump(include=_REPORTED),
    }


def _describe_epoch(row: pd.Series) -> dict[str, float]:
    return {
        "train_accuracy": float(row["accuracy"]),
        "validation_accuracy": float(row["val_accuracy"]),
    }


def find_correct(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Tell of each image whether its most probable class is its label, bool (n,)."""
    correct: np.ndarray = probabilities.argmax(axis=1) == labels
    return correct


def measure(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Compute accuracy, a fraction, and mean cross-entropy, in nats, without penalty."""
    likelihood = probabilities[np.arange(len(labels)), labels]
    smallest = np.finfo(np.float32).tiny
    return {
        "test_accuracy": float(find_correct(probabilities, labels).mean()),
        "test_cross_entropy": float(-np.log(np.maximum(likelihood, smallest)).mean()),
    }
