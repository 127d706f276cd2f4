"""Load, scale and split the images. Count identical images."""

from kedro.pipeline import Node, Pipeline

from cifar_kedro.pipelines.data_engineering.nodes import (
    count_identical_images,
    load_images,
    scale_images,
    split_images,
)


def create_pipeline() -> Pipeline:
    """Make the pipeline from the raw data set to what the experiments read."""
    return Pipeline(
        [
            Node(
                load_images,
                inputs="raw_images",
                outputs=["development_images", "test_images"],
                name="load_images_node",
            ),
            Node(
                scale_images,
                inputs="development_images",
                outputs="development",
                name="scale_development_images_node",
            ),
            Node(
                scale_images,
                inputs="test_images",
                outputs="test",
                name="scale_test_images_node",
            ),
            _split(),
            Node(
                count_identical_images,
                inputs=["development_images", "test_images", "split"],
                outputs="identical_images",
                name="count_identical_images_node",
            ),
        ],
        tags="data_engineering",
    )


def _split() -> Node:
    return Node(
        split_images,
        inputs=["development_images", "params:validation_images", "params:seed"],
        outputs="split",
        name="split_images_node",
    )
