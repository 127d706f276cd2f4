"""A valid experiment, and those of the configuration."""

from pathlib import Path
from typing import Any

from cifar_kedro.config import Experiment
from cifar_kedro.config.loader import ExperimentConfigLoader
from cifar_kedro.settings import CONFIG_LOADER_ARGS
from tests.helpers.paths import ROOT

NETWORK = {"blocks": [{"filters": [4]}], "dense": [8]}
TRAINING = {
    "optimizer": {"name": "adam", "learning_rate": 0.001},
    "batch_size": 16,
    "epochs": 2,
}


def make_experiment(**changes: Any) -> Experiment:
    """Make a valid experiment with a tiny network, changed section by section."""
    block = {"name": "tiny", "title": "Tiny", "network": NETWORK, "training": TRAINING}
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(block.get(key), dict)
        block[key] = block[key] | value if both else value
    return Experiment.model_validate(block)


def load_parameters(env: str = "base", conf: Path = ROOT / "conf") -> dict[str, Any]:
    """Load the parameters as a session of that environment does."""
    return ExperimentConfigLoader(conf, env=env, **CONFIG_LOADER_ARGS)["parameters"]
