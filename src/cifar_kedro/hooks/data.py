"""What is checked of the images, before the first training learns from them."""

from typing import Any

from kedro.framework.hooks import hook_impl

from cifar_kedro.config import Experiment
from cifar_kedro.config.errors import DatasetError


class DataHooks:
    """Refuses to train on images that are not there, or not as an experiment takes them."""

    _experiments: tuple[Experiment, ...] = ()

    @hook_impl
    def before_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Look for what data engineering writes.

        Raises:
            DatasetError: If it is missing, and the run does not make it.
        """
        for name in ("development", "split", "identical_images"):
            if name in pipeline.inputs() and not catalog.exists(name):
                raise DatasetError(
                    f"There is no file for `{name}` of the catalog: no split was made for "
                    "this seed, or an older version made it. Make it, in the same "
                    "environment and with the --params of this run: kedro run --pipelines "
                    "data_engineering"
                )
        self._experiments = tuple(
            Experiment.model_validate(catalog.load(f"params:{node.namespace}"))
            for node in pipeline.only_nodes_with_tags("modelling").nodes
            if "development" in node.inputs
        )

    @hook_impl
    def before_node_run(self, inputs: dict[str, Any]) -> None:
        """Check all experiments of the run, as soon as the images are at hand.

        Raises:
            SettingsError: If one of them can't learn from such images.
        """
        if "development" in inputs:
            for experiment in self._experiments:
                experiment.check_image_shape(inputs["development"]["images"].shape[1:])
