"""Figures of each experiment, and the summary of whatever has run."""

from collections.abc import Iterable

from kedro.pipeline import Node, Pipeline

from cifar_kedro.pipelines.reporting.augmented_images import plot_augmented_images
from cifar_kedro.pipelines.reporting.comparison import plot_comparison
from cifar_kedro.pipelines.reporting.learning_curves import plot_learning_curves
from cifar_kedro.pipelines.reporting.summary import summarise_runs


def create_experiment_pipeline(experiment: str, *, augmented: bool) -> Pipeline:
    """Make the figures of one experiment.

    Args:
        experiment: Its name, the namespace of the nodes and figures.
        augmented: Whether it augments its images, and so has a sheet of them.
    """
    nodes = [
        Node(
            plot_learning_curves,
            inputs=["history", "params:experiment", "params:seed"],
            outputs="learning_curves",
            name="plot_learning_curves_node",
        )
    ]
    if augmented:
        nodes.append(
            Node(
                plot_augmented_images,
                inputs=["train", "params:experiment", "params:seed"],
                outputs="augmented_images",
                name="plot_augmented_images_node",
            )
        )
    return Pipeline(
        nodes,
        namespace=experiment,
        inputs={"train"} if augmented else None,
        parameters={
            "params:experiment": f"params:{experiment}",
            "params:seed": "params:seed",
        },
        tags="reporting",
    )


def create_pipeline(experiments: Iterable[str]) -> Pipeline:
    """Make the summary of whatever has run, of any experiment and seed.

    Args:
        experiments: Names of the experiments that it waits for if they are in the run.
            Those that are not count as evaluated before: see ``{experiment}_evaluated``
            in the catalog.
    """
    return Pipeline(
        [
            Node(
                summarise_runs,
                inputs=[
                    "metrics",
                    "failures",
                    "parameters",
                    *(f"{name}_evaluated" for name in experiments),
                ],
                outputs="summary",
                name="summarise_runs_node",
            ),
            Node(
                plot_comparison,
                inputs="summary",
                outputs="comparison",
                name="plot_comparison_node",
            ),
        ],
        tags="reporting",
    )
