"""Project settings. See Kedro's documentation of ``settings.py``."""

from cifar_kedro.config.loader import ExperimentConfigLoader
from cifar_kedro.context import ProjectContext
from cifar_kedro.hooks.checks import CheckHooks
from cifar_kedro.hooks.data import DataHooks
from cifar_kedro.hooks.experiments import ExperimentHooks
from cifar_kedro.hooks.failures import FailureHooks
from cifar_kedro.hooks.trainings import CheckpointHooks
from cifar_kedro.tracking import TrackingHooks

# Kedro calls the last one first: checks before anything happens, tracking when all else
# is settled.
HOOKS = (
    TrackingHooks(),
    ExperimentHooks(),
    FailureHooks(),
    CheckpointHooks(),
    DataHooks(),
    CheckHooks(),
)

# TrackingHooks calls what it needs of them: see there. The name is as the package spells it.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow",)

CONTEXT_CLASS = ProjectContext

CONFIG_LOADER_CLASS = ExperimentConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment overrides single values, not whole blocks.
    "merge_strategy": {"parameters": "soft", "globals": "soft", "mlflow": "soft"},
    # Kedro's own, named here for those who read without a session; and its plug-ins'.
    "config_patterns": {
        "catalog": ["catalog*", "catalog*/**", "**/catalog*"],
        "parameters": ["parameters*", "parameters*/**", "**/parameters*"],
        "credentials": ["credentials*", "credentials*/**", "**/credentials*"],
        "globals": ["globals.yml"],
        "mlflow": ["mlflow*"],
        "airflow": ["airflow*", "airflow/**"],
    },
}
