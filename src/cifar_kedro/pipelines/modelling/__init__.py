"""Train and evaluate one experiment."""

from cifar_kedro.pipelines.modelling.pipeline import create_pipeline

__all__ = ["create_pipeline"]
