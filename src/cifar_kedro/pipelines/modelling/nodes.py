"""Nodes of the modelling pipeline: train, evaluate."""

import logging
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cifar_kedro.config import Execution, Experiment
from cifar_kedro.config.data import LabelledImages
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.datasets.aligned import aligned_empty
from cifar_kedro.datasets.checkpoint import Checkpoint
from cifar_kedro.datasets.images import check_same_split
from cifar_kedro.datasets.memory import explaining_lack_of_memory
from cifar_kedro.evaluation.metrics import describe_evaluation
from cifar_kedro.evaluation.provenance import describe_run, hash_images, name_origin

# A keras.Model: Kedro resolves the hints when it checks parameters, without keras.
Model = Any

logger = logging.getLogger(__name__)


@explaining_lack_of_memory()
def train_model(
    train: LabelledImages,
    validation: LabelledImages,
    experiment: Experiment,
    seed: int,
    max_epochs: int | None,
    execution: Execution,
    checkpoint: Checkpoint,
    identical_images: dict[str, Any],
) -> tuple[Model, Model, pd.DataFrame, dict[str, Any]]:
    """Build an experiment's network and train it, or go on with a training.

    Args:
        train: The images to learn from.
        validation: The images that the callbacks watch.
        experiment: What to build and train.
        seed: Draws initial weights, order, dropout, augmentation.
        max_epochs: Upper bound on the experiment's epochs.
        execution: How to use the hardware.
        checkpoint: Where the training keeps its state.
        identical_images: The split that was counted, and the ``counts``: see
            `cifar_kedro.datasets.identical_images`.

    Returns:
        What `cifar_kedro.training.loop.fit` does, and the training's provenance: see
        `cifar_kedro.evaluation.provenance.describe_run`; ``seconds`` is its wall time.

    Raises:
        SettingsError: If training and validation images, and the counts of identical
            ones, are not of one split.
    """
    from cifar_kedro.models.network import build_network
    from cifar_kedro.training.backend import describe_backend, prepare_keras
    from cifar_kedro.training.loop import fit

    check_same_split(train, validation, identical_images)
    since = time.perf_counter()
    provenance = describe_run(
        *(train, validation, experiment, seed, max_epochs, execution),
        identical_images["counts"],
        describe_backend(),
    )
    if kept := experiment.training.validation_images:
        train, validation = move_images(train, validation, kept)
    prepare_keras(seed, experiment.training.precision, execution)
    network = build_network(experiment.network)
    _compare_with_original(network, experiment)
    trained = fit(
        *(network, train, validation, experiment, seed),
        max_epochs=max_epochs,
        execution=execution,
        checkpoint=replace(checkpoint, origin=name_origin(provenance)),
    )
    return *trained, provenance | {"seconds": time.perf_counter() - since}


def move_images(
    train: LabelledImages, validation: LabelledImages, kept: int
) -> tuple[LabelledImages, LabelledImages]:
    """Move validation images to the training images, all but the first `kept`.

    Returns:
        Training and validation images.

    Raises:
        SettingsError: If there are fewer than `kept`.
    """
    available = len(validation["labels"])
    if kept > available:
        raise SettingsError(
            f"training.validation_images: received {kept}, expected at most the "
            f"{available} validation images of the split"
        )
    joined = {}
    for key in ("images", "labels"):
        array, moved = train[key], validation[key][kept:]
        joined[key] = aligned_empty(
            (len(array) + len(moved), *array.shape[1:]), array.dtype
        )
        np.concatenate([array, moved], out=joined[key])
    return joined, {key: validation[key][:kept] for key in joined}


@explaining_lack_of_memory()
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

    And those at the end once more, over the experiment's test-time views if it has any.

    Args:
        model: With the weights at the end of training, which the report measures.
        best_model: With the weights of the best val_accuracy.
        history: One row per epoch.
        provenance: Where both come from; the metrics add ``test_sha256``.
        test: Test images in [0, 1], in the order of the archive.
        experiment: The experiment.
        seed: The run's seed.

    Returns:
        The metrics: see `cifar_kedro.evaluation.metrics.describe_evaluation`, beside them
        the network's layers and the provenance; and the predictions: class probabilities
        ``end``, ``best`` and, of the views, ``views``, float32 (n, 10), and ``labels``.
    """
    from cifar_kedro.models.inference import predict, predict_views
    from cifar_kedro.models.summary import count_parameters, describe_layers

    probabilities = {
        "end": predict(model, test["images"]),
        "best": predict(best_model, test["images"]),
    }
    if views := experiment.test_time_views:
        probabilities["views"] = predict_views(
            model, test["images"], probabilities["end"], views
        )
    # The views are measured here, whatever the training's parameters said of them.
    parameters = provenance["parameters"] | experiment.model_dump(
        include={"test_time_views"}
    )
    metrics = {
        **describe_evaluation(experiment, seed, history, probabilities, test["labels"]),
        "parameters": count_parameters(model),
        "layers": describe_layers(model),
        "provenance": provenance
        | {"parameters": parameters, "test_sha256": hash_images(test)},
    }
    return metrics, {**probabilities, "labels": test["labels"]}


def flag_evaluation(metrics: dict[str, Any], predictions: LabelledImages) -> bool:
    """Return True once both outputs are there: on this the summary waits.

    A node of its own, so that kedro-viz draws metrics and predictions inside the
    experiment's box: outputs that no node of a namespace reads are drawn beside it.
    """
    return True


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
