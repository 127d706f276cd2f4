"""Whether a result still counts: complete, cut short, stale, failed, or unknown."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pandas as pd
from pydantic import ValidationError

from cifar_kedro.config import Experiment
from cifar_kedro.config.data import CIFAR10_NAME
from cifar_kedro.config.differences import find_differences
from cifar_kedro.evaluation.data_sets import find_data_set
from cifar_kedro.evaluation.runs import is_history_of
from cifar_kedro.evaluation.stopping import find_stop

# Settings of an experiment that do not change its result.
NAMES = {"name", "title", "builds_on", "reported"}


def tell_status(
    metrics: dict[str, Any] | None,
    failure: dict[str, Any] | None,
    load_history: Callable[[], pd.DataFrame] | None,
    parameters: dict[str, Any],
) -> str:
    """Tell whether a run's results count today.

    Args:
        metrics: The run's metrics, if it was evaluated.
        failure: What `cifar_kedro.hooks.failures.FailureHooks` left, if a node failed.
        load_history: Loads the run's history, if there is one.
        parameters: Today's parameters, experiments complete with what they inherit.

    Returns:
        The first that applies:

        - ``failed:`` and the reason, if a failure is newer than the metrics' training;
        - ``stale:`` and which settings differ from today's;
        - ``other network:`` and both numbers of parameters, if the original report has
            another number;
        - ``unknown:`` and why, if no history tells how the training ended;
        - ``cut short:`` and after how many epochs, if no setting ended the training;
        - ``complete``.
    """
    metrics = metrics or {}
    provenance = metrics.get("provenance")
    if failure and (not provenance or failure["time"] >= provenance["started"]):
        return f"failed: {failure['error']}: {failure['message']}".partition("\n")[0]
    if reasons := _compare(provenance, parameters):
        return f"stale: {', '.join(reasons)}"
    block = parameters[metrics["provenance"]["parameters"]["name"]]
    experiment = Experiment.model_validate(block)
    if other := _tell_other_network(metrics, experiment):
        return other
    if load_history is None:
        return "unknown: no history"
    return _tell_end(load_history(), metrics, experiment)


def _tell_other_network(metrics: dict[str, Any], experiment: Experiment) -> str | None:
    """Tell whether a run's network is not the original report's."""
    if find_data_set(metrics.get("provenance")).name != CIFAR10_NAME:
        return None
    expected = experiment.reported and experiment.reported.parameters
    received = metrics["parameters"]["total"]
    if expected and received != expected:
        return f"other network: {received:,} parameters, the original has {expected:,}"
    return None


def _tell_end(
    history: pd.DataFrame, metrics: dict[str, Any], experiment: Experiment
) -> str:
    """Tell whether early stopping or the last epoch ended a training."""
    if not is_history_of(history, metrics):
        return "unknown: history of another training"
    if find_stop(history, experiment.training):
        return "complete"
    return f"cut short: {len(history)} of up to {experiment.training.epochs} epochs"


def _compare(
    provenance: dict[str, Any] | None, parameters: dict[str, Any]
) -> list[str]:
    """List what differs between a result's parameters and today's."""
    if not provenance:  # the run is older than provenance
        return ["no provenance"]
    block = parameters.get(provenance["parameters"]["name"])
    if block is None:
        return ["not configured"]
    try:
        today = Experiment.model_validate(block).model_dump(exclude=NAMES)
    except ValidationError:  # it must stop its own runs alone
        return ["not validly configured"]
    then = _complete(provenance["parameters"])
    reasons = list(find_differences(then, today))
    if provenance["validation_images"] != parameters.get("validation_images"):
        reasons.append("validation_images")
    return reasons


def _complete(then: dict[str, Any]) -> dict[str, Any]:
    """Add the defaults of settings that are younger than the run."""
    with suppress(ValidationError):  # a setting that no longer exists
        then = Experiment.model_validate(then).model_dump()
    return {key: value for key, value in then.items() if key not in NAMES}
