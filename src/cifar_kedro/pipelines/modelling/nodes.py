"""Nodes of the modelling pipeline: train, evaluate."""

import logging
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cifar_kedro.config import Execution, Experiment
from cifar_kedro.config.data import CIFAR10_NAME, LabelledImages, Split
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.datasets.checkpoint import Checkpoint
from cifar_kedro.datasets.split import check_split
from cifar_kedro.evaluation.data_sets import check_same_data_set
from cifar_kedro.evaluation.metrics import describe_evaluation
from cifar_kedro.evaluation.provenance import (
    describe_run,
    hash_images,
    make_fingerprint,
)

# A keras.Model. Kedro resolves type hints when it checks parameters: keras stays out.
Model = Any

logger = logging.getLogger(__name__)


def train_model(
    development: LabelledImages,
    split: Split,
    identical_images: dict[str, Any],
    experiment: Experiment,
    seed: int,
    max_epochs: int | None,
    execution: Execution,
    checkpoint: Checkpoint,
) -> tuple[Model, Model, pd.DataFrame, dict[str, Any]]:
    """Train a network, or go on: `fit`'s networks and history, and the provenance.

    Args:
        development: The images to learn from.
        split: Which of them are for training, and which for validation.
        identical_images: The ``counts``, and the ``split`` to which they belong.
        experiment: What to build and train.
        seed: The seed of initial weights, order, dropout and augmentation.
        max_epochs: The upper bound on the epochs.
        execution: How to use the hardware.
        checkpoint: Where the training saves its state.
    """
    from cifar_kedro.training.backend import describe_backend
    from cifar_kedro.training.loop import fit

    since = time.perf_counter()
    check_split(split, development, identical_images)
    counts, backend = identical_images["counts"], describe_backend()
    provenance = describe_run(
        development, split, experiment, seed, max_epochs, execution, counts, backend
    )
    trained = fit(
        _build_network(development, experiment, seed, execution),
        *(development, train_on_more(split, experiment), experiment, seed),
        max_epochs=max_epochs,
        execution=execution,
        checkpoint=replace(checkpoint, fingerprint=make_fingerprint(provenance)),
    )
    return *trained, provenance | {"seconds": time.perf_counter() - since}


def train_on_more(split: Split, experiment: Experiment) -> Split:
    """Move validation images to training, if the experiment keeps only the first of them.

    Raises:
        SettingsError: If the split has fewer validation images than it keeps.
    """
    kept = experiment.training.validation_images
    if kept is None:
        return split
    train, validation = split["train"], split["validation"]
    if kept > len(validation):
        raise SettingsError(
            f"training.validation_images: received {kept}, expected at most the "
            f"{len(validation)} validation images of the split"
        )
    return {
        "train": np.concatenate([train, validation[kept:]]),
        "validation": validation[:kept],
    }


def evaluate_model(
    model: Model,
    best_model: Model,
    history: pd.DataFrame,
    provenance: dict[str, Any],
    test: LabelledImages,
    experiment: Experiment,
    seed: int,
) -> tuple[dict[str, Any], LabelledImages]:
    """Measure both sets of weights on the test images, once.

    Args:
        model: The model at the end of training. The original report measures this one.
        best_model: The model with the best val_accuracy.
        history: One row per epoch.
        provenance: The provenance of both. The metrics add ``test_sha256`` to it.
        test: The test images in [0, 1], in the order of the archive.
        experiment: The experiment.
        seed: The run's seed.

    Returns:
        The metrics, which `cifar_kedro.evaluation.metrics.describe_evaluation` describes,
        with parameters, layers and provenance; and the predictions: see `_predict`.
    """
    from cifar_kedro.models.summary import count_parameters, describe_layers

    check_same_data_set(provenance, test)
    probabilities = _predict(model, best_model, test["images"], experiment)
    # The views are measured here, so the setting of this run counts, not the training's.
    parameters = provenance["parameters"] | experiment.model_dump(
        include={"test_time_views"}
    )
    metrics = {
        **describe_evaluation(experiment, seed, history, probabilities, test),
        "parameters": count_parameters(model),
        "layers": describe_layers(model),
        "provenance": provenance
        | {"parameters": parameters, "test_sha256": hash_images(test)},
    }
    return metrics, {**probabilities, "labels": test["labels"]}


def _predict(
    model: Model, best_model: Model, images: np.ndarray, experiment: Experiment
) -> dict[str, np.ndarray]:
    """Compute the class probabilities of the test images, float32 (n, classes).

    Returns:
        ``end``: with the weights at the end of training. ``best``: with those of the best
        epoch. ``views``: as ``end``, over the test-time views, if there are any.
    """
    from cifar_kedro.models.inference import predict, predict_views

    end = predict(model, images)
    probabilities = {"end": end, "best": predict(best_model, images)}
    if views := experiment.test_time_views:
        probabilities["views"] = predict_views(model, images, end, views)
    return probabilities


def flag_evaluation(metrics: dict[str, Any], predictions: LabelledImages) -> bool:
    """Return True when both outputs are there. The summary waits for this.

    The node exists for the picture in kedro-viz. An output that no node of a namespace
    reads is drawn outside the experiment's box. This node reads metrics and predictions,
    so both are drawn inside.
    """
    return True


def _build_network(
    development: LabelledImages, experiment: Experiment, seed: int, execution: Execution
) -> Model:
    """Set Keras' global state, then build the network for the images."""
    from cifar_kedro.models.network import build_network
    from cifar_kedro.training.backend import prepare_keras

    prepare_keras(seed, experiment.training.precision, execution)
    image_shape = development["images"].shape[1:]
    classes = len(development["class_names"])
    network = build_network(experiment.network, image_shape, classes)
    if str(development["name"]) == CIFAR10_NAME:
        _compare_with_original(network, experiment)
    return network


def _compare_with_original(network: Model, experiment: Experiment) -> None:
    """Warn if the network is not the original report's, although it has its name."""
    expected = experiment.reported and experiment.reported.parameters
    if expected and network.count_params() != expected:
        logger.warning(
            "%s: the network has %s parameters, the original report's has %s. It is "
            "another network, and its result will decide no claim.",
            experiment.name,
            f"{network.count_params():,}",
            f"{expected:,}",
        )
