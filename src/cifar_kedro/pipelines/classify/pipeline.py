"""Prepare, classify and show a folder of images, by an experiment's model."""

from kedro.pipeline import Node, Pipeline

from cifar_kedro.config import Classify
from cifar_kedro.pipelines.classify.nodes import (
    classify_images,
    plot_contact_sheet,
    prepare_images,
)

_MODELS = {"end": "model", "best": "best_model"}


def create_pipeline(classify: Classify) -> Pipeline:
    """Make the pipeline from a folder of images to their table and contact sheet.

    Args:
        classify: The settings. They name the experiment, which is the namespace. A run
            that also trains the experiment trains it first.
    """
    model = _MODELS[classify.weights]
    return Pipeline(
        [
            Node(
                prepare_images,
                inputs=["own_images", model],
                outputs=["image_files", "prepared_images"],
                name="prepare_images_node",
            ),
            Node(
                classify_images,
                inputs=[model, "prepared_images", "image_files", "provenance"],
                outputs="classified_images",
                name="classify_images_node",
            ),
            Node(
                plot_contact_sheet,
                inputs=[
                    "prepared_images",
                    "classified_images",
                    "params:classify",
                    "params:seed",
                ],
                outputs="contact_sheet",
                name="plot_contact_sheet_node",
            ),
        ],
        namespace=classify.experiment,
        inputs={"own_images"},
        parameters={"params:classify", "params:seed"},
        tags="classify",
    )
