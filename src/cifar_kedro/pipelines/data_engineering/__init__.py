"""Load, scale and split the images."""

from cifar_kedro.pipelines.data_engineering.pipeline import create_pipeline

__all__ = ["create_pipeline"]
