"""Notes about failures."""

import logging
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DatasetError as KedroDatasetError

from cifar_kedro.datasets.training_lock import LockLostError
from cifar_kedro.evaluation.provenance import now

logger = logging.getLogger(__name__)


class FailureHooks:
    """Leaves a note if an experiment fails. The next try removes it.

    The note is ``{experiment}.failure`` in the catalog, and the summary reads it. A killed
    or interrupted run is no failure. Nor is an error in figures or in the classification
    of other images.
    """

    _node: Any = None

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget the nodes of an earlier run in the same process."""
        self._node = None

    @hook_impl
    def before_dataset_loaded(self, node: Any) -> None:
        """Remember the node at work: loading, running and saving may fail.

        Kedro calls ``on_node_error`` only if running fails.
        """
        self._node = node

    @hook_impl
    def on_pipeline_error(self, error: Exception, catalog: Any) -> None:
        """Leave the note, unless another process has taken the training's lock."""
        if isinstance(error, LockLostError):
            return
        if self._node and "modelling" in self._node.tags:
            note = {
                "node": self._node.name,
                "error": type(error).__name__,
                "message": str(error),
                "time": now(),
            }
            try:
                catalog.save(f"{self._node.namespace}.failure", note)
            except KedroDatasetError as reason:  # maybe the disk failed
                logger.warning("This failure could not be noted: %s", reason)

    @hook_impl
    def before_node_run(self, node: Any, catalog: Any) -> None:
        """Remove the note of a node that now starts again.

        Not after the node: an error here would lose the node's outputs.
        """
        if node.namespace:  # any node: earlier versions noted failed figures, too
            failure = catalog.get(f"{node.namespace}.failure")
            if failure.exists() and failure.load()["node"] == node.name:
                failure.delete()
