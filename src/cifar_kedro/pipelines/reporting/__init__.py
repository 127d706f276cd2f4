"""Figures of each experiment, and the report page of whatever has run."""

from cifar_kedro.pipelines.reporting.pipeline import (
    create_experiment_pipeline,
    create_pipeline,
)

__all__ = ["create_experiment_pipeline", "create_pipeline"]
