"""Hooks into Kedro's life cycle."""

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines

from cifar_kedro import pipeline_registry


class ExperimentHooks:
    """Keeps the pipelines in step with the configuration in use."""

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Register the experiments of this session's configuration.

        Kedro does not tell ``register_pipelines`` which configuration is in use (an
        environment, another ``--conf-source``), and it may add or change experiments.
        """
        pipeline_registry.use_parameters(context.config_loader["parameters"])
        # Kedro keeps the pipelines of an earlier session of the same process.
        pipelines.configure(pipeline_registry.__name__)
