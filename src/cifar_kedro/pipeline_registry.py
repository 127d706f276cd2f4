"""The project's pipelines: one for each experiment, and their sums."""

import re
from typing import Any

from kedro.pipeline import Pipeline

from cifar_kedro.config import Classify
from cifar_kedro.config.errors import check_section
from cifar_kedro.config.inheritance import is_experiment
from cifar_kedro.config.session import read_parameters
from cifar_kedro.pipelines import classify, data_engineering, modelling, reporting


def register_pipelines() -> dict[str, Pipeline]:
    """Register the project's pipelines.

    Returns:
        ``data_engineering``, ``modelling`` and ``reporting``. A pipeline for each
        experiment, with its data, training and figures. A pipeline for each group of
        parts: ``exp8`` for ``exp8a`` and ``exp8b``. ``__default__`` with all of these.
        ``classify`` for other images.
    """
    parameters = read_parameters()
    experiments = {
        name: block.get("augmentation") is not None
        for name, block in parameters.items()
        if is_experiment(block)
    }
    data = data_engineering.create_pipeline()
    models = {name: modelling.create_pipeline(name) for name in experiments}
    summary = reporting.create_pipeline(experiments)
    complete = {
        name: data
        + models[name]
        + reporting.create_experiment_pipeline(name, augmented=augmented)
        for name, augmented in experiments.items()
    }
    return {
        "data_engineering": data,
        "modelling": data + sum(models.values(), Pipeline([])),
        "reporting": summary,
        **_groups(complete),  # an experiment of the same name replaces a group
        **complete,
        "__default__": sum(complete.values(), Pipeline([])) + summary,
        **_classify(parameters),
    }


def _classify(parameters: dict[str, Any]) -> dict[str, Pipeline]:
    """Make the pipeline for the user's images, if there is a configuration."""
    if "classify" not in parameters:
        return {}
    settings = check_section(Classify, parameters["classify"])
    return {"classify": classify.create_pipeline(settings)}


def _groups(complete: dict[str, Pipeline]) -> dict[str, Pipeline]:
    """Sum the parts of an experiment (``exp8a``, ``exp8b``) under its name (``exp8``)."""
    groups: dict[str, Pipeline] = {}
    for name, pipeline in complete.items():
        if part := re.fullmatch(r"(.*\d)[a-z]", name):
            groups[part[1]] = groups.get(part[1], Pipeline([])) + pipeline
    return groups
