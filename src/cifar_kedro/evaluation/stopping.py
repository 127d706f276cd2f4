"""Why a training ended, read from its history."""

import math

import pandas as pd

from cifar_kedro.config import Training


def find_stop(history: pd.DataFrame, training: Training) -> str | None:
    """Find what in the experiment's own settings ended a training.

    Args:
        history: One row per epoch, with the monitored metrics.
        training: The settings that it ran under.

    Returns:
        The reason in words. None if the settings do not explain the end: the training
        was cut short, or ran under other settings.
    """
    for metric, patience in training.early_stopping.model_dump(
        exclude_none=True
    ).items():
        if epochs_without_improvement(history[metric]) >= patience:
            return f"{metric} no better for {patience} epochs"
    if len(history) >= training.epochs:
        return f"all {training.epochs} epochs trained"
    return None


def epochs_without_improvement(values: pd.Series) -> int:
    """Count the epochs since the best value: the lowest loss, or the highest accuracy.

    Keras' EarlyStopping counts in the same way. An equal value is no improvement.
    Nothing improves on a value that is not a number.
    """
    sign = 1 if str(values.name).endswith("loss") else -1
    best, waited = math.inf, 0
    for value in sign * values:
        improved = value < best or best == math.inf
        best, waited = (value, 0) if improved else (best, waited + 1)
    return waited
