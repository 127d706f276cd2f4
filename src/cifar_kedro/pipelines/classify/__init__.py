"""Classify the user's own images with an experiment's model."""

from cifar_kedro.pipelines.classify.pipeline import create_pipeline

__all__ = ["create_pipeline"]
