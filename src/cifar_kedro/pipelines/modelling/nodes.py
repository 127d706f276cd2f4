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

# A keras.Model: Kedro resolves the hints when it checks parameters, without keras.
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
    """Train an experiment's network, or go on: `fit`'s networks and history, provenance.

    Args:
        development: The images to learn from.
        split: Which of them train, and which the callbacks watch.
        identical_images: The ``counts``, and the ``split`` that they are of.
        experiment: What to build and train.
        seed: Draws initial weights, order, dropout, augmentation.
        max_epochs: Upper bound on the experiment's epochs.
        execution: How to use the hardware.
        checkpoint: Where the training keeps its state.
    """
    from cifar_kedro.training.backend import describe_backend
    from cifar_kedro.training.loop import fit

    since = time.perf_counter()
    check_split(split, development, identical_images)
    provenance = describe_run(
        *(development, split, experiment, seed, max_epochs, execution),
        identical_images["counts"],
        describe_backend(),
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
    """Train on validation images, too, if the experiment keeps only the first of them.

    Raises:
        SettingsError: If there are fewer than it keeps.
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
        model: With the weights at the end of training, which the original report measures.
        best_model: With the weights of the best val_accuracy.
        history: One row per epoch.
        provenance: Where both come from; the metrics add ``test_sha256``.
        test: Test images in [0, 1], in the order of the archive.
        experiment: The experiment.
        seed: The run's seed.

    Returns:
        The metrics: see `cifar_kedro.evaluation.metrics.describe_evaluation`, beside them
        the network's layers and the provenance; and the predictions: see `_predict`.
    """
    from cifar_kedro.models.summary import count_parameters, describe_layers

    check_same_data_set(provenance, test)
    probabilities = _predict(model, best_model, test["images"], experiment)
    # The views are measured here, whatever the training's parameters said of them.
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
        ``end`` with the weights at the end of training, ``best`` with those of the best
        epoch; and ``views``, at the end, over the test-time views if there are any.
    """
    from cifar_kedro.models.inference import predict, predict_views

    end = predict(model, images)
    probabilities = {"end": end, "best": predict(best_model, images)}
    if views := experiment.test_time_views:
        probabilities["views"] = predict_views(model, images, end, views)
    return probabilities


def flag_evaluation(metrics: dict[str, Any], predictions: LabelledImages) -> bool:
    """Return True once both outputs are there: on this the summary waits.

    A node of its own, so that kedro-viz draws metrics and predictions inside the
    experiment's box: outputs that no node of a namespace reads are drawn beside it.
    """
    return True


def _build_network(
    development: LabelledImages, experiment: Experiment, seed: int, execution: Execution
) -> Model:
    """Build the network for the images, after what Keras keeps globally is set."""
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
    """Warn of a network that is not the original report's, whatever its name."""
    expected = experiment.reported and experiment.reported.parameters
    if expected and network.count_params() != expected:
        logger.warning(
            "%s: the network has %s parameters, the original report's has %s. It is "
            "another network, and its result will decide no claim.",
            experiment.name,
            f"{network.count_params():,}",
            f"{expected:,}",
        )
