"""Kedro's configuration loader, plus the inheritance between experiments."""

from functools import cached_property
from typing import Any

from kedro.config import OmegaConfigLoader
from omegaconf import OmegaConf

from cifar_kedro.config import RunSettings


def is_experiment(block: Any) -> bool:
    """Tell an experiment's block from the other parameters."""
    return isinstance(block, dict) and bool({"builds_on", "network"} & block.keys())


def inherit_experiments(parameters: dict[str, Any]) -> dict[str, Any]:
    """Complete every experiment with what it takes from the one it builds on.

    Sections are merged key by key at any depth; values and lists are replaced. What
    the report says of an experiment (``reported``) is its own and is not inherited.
    Each experiment also learns its ``name``.

    Args:
        parameters: Parameters as loaded: experiments name only their differences.

    Returns:
        The same parameters with complete experiments.

    Raises:
        ValueError: If an experiment builds on an unknown one, or on itself.
    """
    experiments = {k: v for k, v in parameters.items() if is_experiment(v)}

    def complete(name: str, heirs: tuple[str, ...] = ()) -> dict[str, Any]:
        block = experiments[name]
        parent = block.get("builds_on")
        if parent is None:
            return dict(block) | {"name": name}
        if parent in (name, *heirs):
            chain = " -> ".join((*heirs, name, parent))
            raise ValueError(
                f"{name}.builds_on: experiments build in a circle: {chain}"
            )
        if parent not in experiments:
            raise ValueError(
                f"{name}.builds_on: received '{parent}', expected one of the experiments "
                f"{', '.join(experiments)}"
            )
        inherited = complete(parent, (*heirs, name))
        inherited.pop("reported", None)
        merged = OmegaConf.to_container(OmegaConf.merge(inherited, block))
        return merged | {"name": name}  # type: ignore[operator,return-value]

    return parameters | {name: complete(name) for name in experiments}


class ExperimentConfigLoader(OmegaConfigLoader):
    """An `OmegaConfigLoader` whose experiments inherit.

    Inheritance comes after environments and ``--params``: what changes a parent changes
    those that build on it, unless they name a value of their own. Also registers the
    resolver ``${parameters:KEY}``, with which the catalog names its paths by seed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what `OmegaConfigLoader` takes."""
        super().__init__(*args, **kwargs)
        OmegaConf.register_new_resolver(
            "parameters", lambda key: self._settings[key], replace=True
        )

    @cached_property
    def _settings(self) -> dict[str, Any]:
        return self["parameters"]

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Load a kind of configuration; see `OmegaConfigLoader`.

        Raises:
            ValueError: If a parameter is neither a run setting nor an experiment.
        """
        config = super().__getitem__(key)
        if key != "parameters":
            return config
        RunSettings.model_validate(
            {k: v for k, v in config.items() if not is_experiment(v)}
        )
        return inherit_experiments(config)
