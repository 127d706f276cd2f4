"""Notes of what failed."""

import logging
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DatasetError as KedroDatasetError

from cifar_kedro.datasets.training_lock import LockLostError
from cifar_kedro.evaluation.provenance import now

logger = logging.getLogger(__name__)


class FailureHooks:
    """Leaves a note where an experiment fails, which its next try removes.

    The note, ``{experiment}.failure`` in the catalog, is for the summary. A killed or
    interrupted run is no failure, nor is what comes to nothing beside the experiment: its
    figures, the classification of other images.
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
        """Leave the note, unless the training is another process's by now."""
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
            except KedroDatasetError as reason:  # the disk may be what failed
                logger.warning("This failure could not be noted: %s", reason)

    @hook_impl
    def before_node_run(self, node: Any, catalog: Any) -> None:
        """Remove the note of the node that now has another try.

        Before and not after: an error here must not cost what the node has made.
        """
        if node.namespace:  # of any node: earlier versions noted failed figures, too
            failure = catalog.get(f"{node.namespace}.failure")
            if failure.exists() and failure.load()["node"] == node.name:
                failure.delete()
