import time

import numpy as np
import pandas as pd
import pytest

from cifar_kedro.config import Execution
from cifar_kedro.datasets.checkpoint import Checkpoint
from cifar_kedro.datasets.split import check_split
from cifar_kedro.evaluation.metrics import measure
from cifar_kedro.evaluation.provenance import hash_images
from cifar_kedro.models.network import build_network
from cifar_kedro.pipelines.data_engineering.nodes import split_images
from cifar_kedro.pipelines.modelling import nodes
from cifar_kedro.pipelines.modelling.nodes import (
    evaluate_model,
    train_model,
    train_on_more,
)
from cifar_kedro.training import loop as training
from tests.helpers.experiments import make_experiment
from tests.helpers.images import make_images, make_split

REPORTED = {"test_accuracy": 0.5, "training_seconds": 60.0}
DATA = make_images(60)
SPLIT = make_split(DATA, 20)
IDENTICAL_IMAGES = {"split": str(SPLIT["name"]), "counts": {"train": 3}}


def weights(model):
    return b"".join(array.tobytes() for array in model.get_weights())


def test_a_training_begins_with_the_weights_of_its_seed(monkeypatch):
    monkeypatch.setattr(training, "fit", lambda network, *_, **__: (network,))
    checkpoint = Checkpoint("memory://none/checkpoint.npz")
    data = (DATA, SPLIT, IDENTICAL_IMAGES)
    one, two, other = (
        train_model(*data, make_experiment(), seed, None, Execution(), checkpoint)
        for seed in (0, 0, 1)
    )
    assert weights(one[0]) == weights(two[0]) != weights(other[0])


@pytest.mark.parametrize(
    ("expected", "warned"), [(999, True), (0, False), (None, False)]
)
def test_a_network_that_is_not_the_originals_is_told(expected, warned, caplog):
    network = build_network(make_experiment().network)
    count = network.count_params()
    caplog.clear()
    reported = REPORTED | {"parameters": count if expected == 0 else expected}
    nodes._compare_with_original(network, make_experiment(reported=reported))
    told = f"tiny: the network has {count:,} parameters, the original report's has 999."
    assert (told in caplog.text) is warned


def test_train_and_evaluate_agree_on_the_contracts(tmp_path):
    experiment = make_experiment(reported=REPORTED)
    test = make_images(30, seed=2)
    before = time.perf_counter()
    trained = train_model(
        *(DATA, SPLIT, IDENTICAL_IMAGES, experiment, 0, None, Execution()),
        Checkpoint(str(tmp_path / "checkpoint.npz")),
    )
    model, best, history, provenance = trained
    assert history["seconds"].sum() < provenance["seconds"]
    assert provenance["seconds"] < time.perf_counter() - before
    assert provenance["parameters"] == experiment.model_dump()
    assert provenance["identical_images"] == IDENTICAL_IMAGES["counts"]
    assert provenance["execution"] == Execution().model_dump()
    metrics, predictions = evaluate_model(*trained, test, experiment, 0)
    test_sha256 = metrics["provenance"].pop("test_sha256")
    assert metrics["provenance"] == provenance
    assert test_sha256 == hash_images(test) != provenance["data_sha256"]
    assert metrics["experiment"] == "tiny"
    assert metrics["parameters"]["total"] == model.count_params()
    assert metrics["epochs"] == 2
    assert metrics["best_epoch"] == history["val_accuracy"].argmax() + 1
    assert metrics["training_seconds"] == pytest.approx(history["seconds"].sum())
    assert metrics["architecture_only"] is True
    assert metrics["reported"] == REPORTED
    np.testing.assert_array_equal(predictions["labels"], test["labels"])
    for name, network in (("end", model), ("best", best)):
        probabilities = network.predict(test["images"], verbose=0)
        np.testing.assert_allclose(predictions[name], probabilities, rtol=1e-5)
        accuracy = (probabilities.argmax(axis=1) == test["labels"]).mean()
        assert metrics["weights"][name]["test_accuracy"] == pytest.approx(accuracy)


class Answers:
    """A model that gives the same answer for every image."""

    trainable_weights = ()
    layers = ()

    def __init__(self, label):
        self.row = np.eye(10, dtype=np.float32)[label] * 0.55 + 0.045

    def count_params(self):
        return 0

    def predict_on_batch(self, images):
        return np.tile(self.row, (len(images), 1))


def test_metrics_name_the_weights_they_belong_to():
    history = pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "accuracy": [0.1, 0.2, 0.3],
            "val_accuracy": [0.4, 0.6, 0.5],
            "seconds": [1.0, 2.0, 3.0],
        }
    )
    test = make_images(10)
    test["labels"] = np.array([3] * 7 + [5] * 3, dtype=np.uint8)
    metrics, predictions = evaluate_model(
        Answers(3), Answers(5), history, {"parameters": {}}, test, make_experiment(), 0
    )
    assert metrics["best_epoch"] == 2
    end, best = metrics["weights"]["end"], metrics["weights"]["best"]
    assert (end["train_accuracy"], end["validation_accuracy"]) == (0.3, 0.5)
    assert (best["train_accuracy"], best["validation_accuracy"]) == (0.2, 0.6)
    assert (end["test_accuracy"], best["test_accuracy"]) == (0.7, 0.3)
    assert predictions["end"].argmax(axis=1).tolist() == [3] * 10
    assert metrics["reported"] is None


def test_measure():
    probabilities = np.array([[0.8, 0.2], [0.4, 0.6], [1.0, 0.0]], dtype=np.float32)
    result = measure(probabilities[:2], np.array([0, 0]))
    assert result["test_accuracy"] == 0.5
    assert result["test_cross_entropy"] == pytest.approx(-np.log([0.8, 0.4]).mean())
    assert np.isfinite(
        measure(probabilities, np.array([0, 1, 1]))["test_cross_entropy"]
    )


def test_views_are_measured_beside_the_plain_accuracy_not_instead():
    history = pd.DataFrame(
        {"epoch": [1], "accuracy": [0.1], "val_accuracy": [0.4], "seconds": [1.0]}
    )
    test = make_images(10)
    trained_as = {"parameters": {"network": {}, "test_time_views": None}}
    arguments = (Answers(3), Answers(5), history, trained_as, test)
    plain, _ = evaluate_model(*arguments, make_experiment(), 0)
    both, predictions = evaluate_model(
        *arguments, make_experiment(test_time_views={"flip": True, "shift": 1}), 0
    )
    assert plain["test_time_views"] is None
    assert both["weights"] == plain["weights"]
    assert both["test_time_views"]["test_accuracy"] == 0.1  # one image in ten is a cat
    np.testing.assert_allclose(predictions["views"], predictions["end"], atol=1e-6)
    # So that measuring a trained network once more over views leaves nothing stale.
    measured_as = both["provenance"]["parameters"]
    assert measured_as["test_time_views"] == {"flip": True, "shift": 1}
    assert measured_as["network"] == {}


def test_a_split_of_other_images_or_counts_is_refused_before_anything_is_trained():
    data, relabelled = make_images(60), make_images(60)
    relabelled["labels"] = np.roll(relabelled["labels"], 1)
    split, other = (split_images(data, 20, seed) for seed in (0, 1))
    counted = {"split": str(split["name"]), "counts": {}}
    for images, drawn, counts in (
        (data, other, counted),
        (relabelled, split, counted),
        (data, split, {"counts": {}}),  # of an earlier version
    ):
        with pytest.raises(
            ValueError, match=r"names of the split: \w{8} by the split,"
        ):
            train_model(
                *(images, drawn, counts, make_experiment(), 0, 1, Execution(), None)
            )
    check_split(split, data, counted)


def test_validation_images_that_are_not_kept_are_trained_on():
    split = make_split(make_images(50), 20)
    keeping = {n: make_experiment(training={"validation_images": n}) for n in (5, 21)}
    more = train_on_more(split, keeping[5])
    assert more["train"].tolist() == [*range(30), *range(35, 50)]
    assert more["validation"].tolist() == [*range(30, 35)]
    assert more["train"].dtype == np.int32
    assert train_on_more(split, make_experiment()) is split
    with pytest.raises(ValueError, match="received 21, expected at most the 20"):
        train_on_more(split, keeping[21])
