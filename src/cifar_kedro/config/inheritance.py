"""Inheritance between experiments."""

import difflib
import re
from typing import Any

from omegaconf import OmegaConf

from cifar_kedro.config import RunSettings
from cifar_kedro.config.errors import SettingsError

# Pipelines that are no experiment (`pipeline_registry`).
RESERVED_NAMES = ("classify", "data_engineering", "modelling", "reporting")


# Parameters that are no experiment. Kedro checks the claims when a run needs them.
_OTHER_PARAMETERS = (*RunSettings.model_fields, "claims")


def is_experiment(block: Any) -> bool:
    """Tell whether a block is an experiment: every experiment has its own title."""
    return isinstance(block, dict) and "title" in block


def inherit_experiments(parameters: dict[str, Any]) -> dict[str, Any]:
    """Complete every experiment with the settings of the one that it builds on.

    Sections are merged key by key at any depth. Values and lists are replaced. ``title``
    and ``reported`` are not inherited. Each experiment also gets its ``name``.

    Args:
        parameters: Parameters as loaded. Experiments name only their differences.

    Returns:
        The same parameters with complete experiments.

    Raises:
        SettingsError: If a parameter is neither a run setting nor an experiment. Also if
            an experiment has an unusable name, or builds on an unknown one or on itself.
    """
    experiments = {k: v for k, v in parameters.items() if is_experiment(v)}
    _check_names(parameters, experiments)
    completed: dict[str, dict[str, Any]] = {}  # merging is slow, and chains are long
    for name in experiments:
        _complete(name, experiments, completed)
    return parameters | {name: completed[name] for name in experiments}


def _complete(
    name: str,
    experiments: dict[str, Any],
    completed: dict[str, dict[str, Any]],
    heirs: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Complete one experiment, and first the one that it builds on."""
    if name in completed:
        return completed[name]
    block = experiments[name]
    inherited: dict[str, Any] = {}
    if (parent := block.get("builds_on")) is not None:
        _check_parent(name, parent, experiments, heirs)
        whole = _complete(parent, experiments, completed, (*heirs, name))
        inherited = {k: v for k, v in whole.items() if k not in ("title", "reported")}
    merged: Any = OmegaConf.to_container(OmegaConf.merge(inherited, block))
    completed[name] = merged | {"name": name}
    return completed[name]


def _check_parent(
    name: str, parent: Any, experiments: dict[str, Any], heirs: tuple[str, ...]
) -> None:
    if parent in (name, *heirs):
        chain = " -> ".join((*heirs, name, parent))
        raise SettingsError(f"{name}.builds_on: experiments build in a circle: {chain}")
    if not isinstance(parent, str) or parent not in experiments:
        raise SettingsError(
            f"{name}.builds_on: received {parent!r}, expected one of the experiments "
            f"{', '.join(experiments)}"
        )


def _check_names(parameters: dict[str, Any], experiments: dict[str, Any]) -> None:
    """Refuse unknown parameters, and names that paths or pipelines can't have."""
    for name, value in parameters.items():
        if name not in experiments and name not in _OTHER_PARAMETERS:
            allowed = [*_OTHER_PARAMETERS, *experiments]
            close = difflib.get_close_matches(name, allowed, 1)
            hint = f" (did you mean '{close[0]}'?)" if close else ""
            raise SettingsError(
                f"parameter '{name}': received {value!r}, expected one of "
                f"{', '.join(allowed)}{hint}. A new experiment is a block with a `title`, "
                "and with `builds_on` or its own `network` and `training`"
            )
    lower = [name.lower() for name in experiments]
    for name, block in experiments.items():
        if block.get("name", name) != name:
            raise SettingsError(
                f"{name}.name: received {block['name']!r}, expected none: a block's name is "
                "its key. Readers see its `title`"
            )
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name in RESERVED_NAMES:
            raise SettingsError(
                f"experiment '{name}': expected a name of letters, digits and _, a letter "
                f"first, and none of {', '.join(RESERVED_NAMES)}"
            )
        if lower.count(name.lower()) > 1:
            raise SettingsError(
                f"experiment '{name}': expected names that differ in more than upper and "
                "lower case, because folders have these names"
            )
