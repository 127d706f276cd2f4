"""The project's pipelines: one per experiment block, and their sums."""

import re
from pathlib import Path
from typing import Any

from kedro.framework.project import settings
from kedro.pipeline import Pipeline
from kedro.utils import find_kedro_project

from cifar_kedro.config import Classify
from cifar_kedro.config.errors import check_section
from cifar_kedro.config.files import check_files, find_files
from cifar_kedro.config.loader import inherit_experiments, is_experiment
from cifar_kedro.config.strict_yaml import read_yaml, refuse_common_blocks
from cifar_kedro.pipelines import classify, data_engineering, modelling, reporting

_session_parameters: dict[str, Any] = {}


def use_parameters(parameters: dict[str, Any]) -> None:
    """Take the experiments from a session's parameters instead of the project's file."""
    _session_parameters.clear()
    _session_parameters.update(parameters)


def register_pipelines() -> dict[str, Pipeline]:
    """Register the project's pipelines.

    Returns:
        ``data_engineering``, ``modelling``, ``reporting``, one pipeline per experiment
        (its data, its training, its figures), one per group of parts (``exp8`` for
        ``exp8a`` and ``exp8b``), ``__default__`` with all of these, and ``classify``,
        which is about other images.
    """
    parameters = _session_parameters or _base_parameters()
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
        **_groups(complete),  # an experiment wins over a group of its name
        **complete,
        "__default__": sum(complete.values(), Pipeline([])) + summary,
        **_classify(parameters),
    }


def _classify(parameters: dict[str, Any]) -> dict[str, Pipeline]:
    """Make the pipeline for the user's images, unless no configuration is at hand."""
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


def _base_parameters() -> dict[str, Any]:
    """Read the experiments without a session (``kedro registry list``).

    Plain YAML on purpose: a configuration loader made here would replace the resolvers
    of the session's own.
    """
    project = find_kedro_project(Path.cwd()) or Path.cwd()
    base = project / settings.CONF_SOURCE / "base"
    patterns = settings.CONFIG_LOADER_ARGS["config_patterns"]
    check_files(base, patterns)
    files = {
        str(path): read_yaml(path.read_bytes(), str(path))
        for path in find_files(base, patterns["parameters"])
    }
    refuse_common_blocks(files)
    return inherit_experiments(
        {name: block for blocks in files.values() for name, block in blocks.items()}
    )
