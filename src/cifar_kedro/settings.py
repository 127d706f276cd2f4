"""Project settings. See Kedro's documentation of ``settings.py``."""

from cifar_kedro.config_loader import ExperimentConfigLoader
from cifar_kedro.hooks import CheckpointHooks, ExperimentHooks, FailureHooks

HOOKS = (ExperimentHooks(), FailureHooks(), CheckpointHooks())

CONFIG_LOADER_CLASS = ExperimentConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment overrides single values, not whole blocks.
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}
