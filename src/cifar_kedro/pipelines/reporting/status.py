"""Whether a result stands: complete, of another network, cut short, stale, or failed."""

from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from cifar_kedro.config import Experiment
from cifar_kedro.differences import find_differences

# What of an experiment does not change its result.
NAMES = {"name", "title", "builds_on", "reported"}

_RUN_SETTINGS = ("validation_images", "max_epochs")


def tell_status(
    metrics: dict[str, Any] | None,
    failure: dict[str, Any] | None,
    parameters: dict[str, Any],
) -> str:
    """Tell what a run's results are worth today.

    Args:
        metrics: The run's metrics, if it has been evaluated.
        failure: What `cifar_kedro.hooks.FailureHooks` left, if a node failed.
        parameters: Today's parameters, experiments complete with what they inherit.

    Returns:
        ``failed: `` and the reason, if the failure is not older than the metrics'
        training; ``stale: `` and what differs from today's configuration; ``cut
        short: `` and how, if a bound on the epochs ended the training; ``other network:
        `` and both numbers, if it has not the original's parameters; or ``complete``.
    """
    metrics = metrics or {}
    provenance = metrics.get("provenance")
    if failure and (not provenance or failure["time"] >= provenance["started"]):
        return f"failed: {failure['error']}: {failure['message']}".partition("\n")[0]
    reasons = _compare(provenance, parameters)
    if reasons:
        return f"stale: {', '.join(reasons)}"
    if other := _tell_other_network(metrics, parameters):
        return other
    return _tell_cut(metrics) or "complete"


def _compare(
    provenance: dict[str, Any] | None, parameters: dict[str, Any]
) -> list[str]:
    """List what differs between a result's parameters and today's."""
    if not provenance:  # older than provenance
        return ["no provenance"]
    block = parameters.get(provenance["parameters"]["name"])
    if block is None:
        return ["not configured"]
    try:
        today = Experiment.model_validate(block).model_dump(exclude=NAMES)
    except ValidationError:  # only a run of that experiment has to stop at this
        return ["not validly configured"]
    then = _complete(provenance["parameters"])
    settings = [key for key in _RUN_SETTINGS if provenance[key] != parameters.get(key)]
    return [*find_differences(then, today), *settings]


def _complete(then: dict[str, Any]) -> dict[str, Any]:
    """Give a run of an older version the defaults of settings that came later."""
    with suppress(ValidationError):  # of settings that are no more
        then = Experiment.model_validate(then).model_dump()
    return {key: value for key, value in then.items() if key not in NAMES}


def _tell_cut(metrics: dict[str, Any]) -> str | None:
    """Tell whether a run's `max_epochs` ended a training that could have gone on."""
    provenance, epochs = metrics["provenance"], metrics["epochs"]
    possible = provenance["parameters"]["training"]["epochs"]
    if epochs == provenance["max_epochs"] and epochs < possible:
        return f"cut short: {epochs} of up to {possible} epochs"
    return None


def _tell_other_network(
    metrics: dict[str, Any], parameters: dict[str, Any]
) -> str | None:
    """Tell whether a run's network is another than the original report's."""
    name = metrics["provenance"]["parameters"]["name"]
    reported = Experiment.model_validate(parameters[name]).reported
    expected, received = (
        reported and reported.parameters,
        metrics["parameters"]["total"],
    )
    if expected and received != expected:
        return f"other network: {received:,} parameters, the original has {expected:,}"
    return None
