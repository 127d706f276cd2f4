"""Hooks into Kedro's life cycle."""

import logging
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import DatasetError

from cifar_kedro import pipeline_registry
from cifar_kedro.provenance import now

logger = logging.getLogger(__name__)


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


class FailureHooks:
    """Leaves a note where an experiment fails, which its next try removes.

    The note, ``{experiment}.failure`` in the catalog, is for the summary. A killed or
    interrupted run is no failure. Of nodes that run at the same time (`ThreadRunner`)
    the note may name the wrong one.
    """

    _node: Any = None

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget the nodes of an earlier run of the same process."""
        self._node = None

    @hook_impl
    def before_dataset_loaded(self, node: Any) -> None:
        """Remember the node at work: loading, running and saving may fail.

        Kedro's ``on_node_error`` tells of running only.
        """
        self._node = node

    @hook_impl
    def on_pipeline_error(self, error: Exception, catalog: Any) -> None:
        """Leave the note."""
        if self._node and self._node.namespace:
            note = {
                "node": self._node.name,
                "error": type(error).__name__,
                "message": str(error),
                "time": now(),
            }
            try:
                catalog.save(f"{self._node.namespace}.failure", note)
            except DatasetError as reason:  # the disk may be what failed
                logger.warning("This failure could not be noted: %s", reason)

    @hook_impl
    def before_node_run(self, node: Any, catalog: Any) -> None:
        """Remove the note of the node that now has another try.

        Before and not after: an error here must not cost what the node has made.
        """
        if node.namespace:
            failure = catalog.get(f"{node.namespace}.failure")
            if failure.exists() and failure.load()["node"] == node.name:
                failure.delete()
