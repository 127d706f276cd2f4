import keras
import numpy as np
import pytest

from cifar_kedro.config import Execution
from cifar_kedro.config.run import HISTORY_COLUMNS
from cifar_kedro.datasets.checkpoint import Checkpoint
from cifar_kedro.models.network import build_network
from cifar_kedro.training.backend import count_steps, prepare_keras
from cifar_kedro.training.callbacks import make_schedules_and_stoppers
from cifar_kedro.training.loop import fit
from tests.helpers.experiments import make_experiment
from tests.helpers.images import make_images, make_split

DEVELOPMENT = make_images(60)
SPLIT = make_split(DEVELOPMENT, 20)
VALIDATION = {key: array[SPLIT["validation"]] for key, array in DEVELOPMENT.items()}
AUGMENTATION = {"horizontal_flip": True, "rotation_range": 20.0}


def run(experiment, seed=0, **options):
    prepare_keras(seed, experiment.training.precision, Execution())
    network = build_network(experiment.network)
    return fit(network, DEVELOPMENT, SPLIT, experiment, seed, **options)


def weights(model):
    return b"".join(array.tobytes() for array in model.get_weights())


@pytest.mark.parametrize("augmentation", [None, AUGMENTATION])
def test_history_has_a_row_per_epoch(augmentation):
    history = run(make_experiment(augmentation=augmentation))[2]
    assert list(history) == HISTORY_COLUMNS
    assert history["epoch"].tolist() == [1, 2]
    assert history["learning_rate"].tolist() == pytest.approx([0.001] * 2)
    assert (history["seconds"] > 0).all()


@pytest.mark.parametrize("augmentation", [None, AUGMENTATION])
def test_same_seed_same_bits(augmentation):
    experiment = make_experiment(
        augmentation=augmentation, network={"dropout": 0.5, "batch_norm": True}
    )
    one, two, other = (run(experiment, seed) for seed in (0, 0, 1))
    for index in (0, 1):
        assert weights(one[index]) == weights(two[index]) != weights(other[index])
    measured = HISTORY_COLUMNS[:-1]
    assert one[2][measured].equals(two[2][measured])


def test_max_epochs_bounds_the_experiments_own():
    assert len(run(make_experiment(), max_epochs=1)[2]) == 1
    assert len(run(make_experiment(), max_epochs=9)[2]) == 2


def test_the_best_model_has_the_weights_of_the_best_epoch():
    # A rate this large makes later epochs worse than some earlier one.
    experiment = make_experiment(
        training={"epochs": 6, "optimizer": {"name": "sgd", "learning_rate": 1.0}}
    )
    network, best, history = run(experiment)
    best_epoch = history["val_accuracy"].idxmax()
    probabilities = best.predict(VALIDATION["images"], verbose=0)
    accuracy = (probabilities.argmax(axis=1) == VALIDATION["labels"]).mean()
    assert accuracy == pytest.approx(history["val_accuracy"][best_epoch])
    alone = run(experiment, max_epochs=int(best_epoch) + 1)[0]
    assert weights(best) == weights(alone)
    assert best_epoch == 5 or weights(best) != weights(network)


def test_neither_model_carries_augmentation_or_optimizer():
    network, best, _ = run(make_experiment(augmentation=AUGMENTATION))
    for model in (network, best):
        assert [type(layer).__name__ for layer in model.layers][1] == "Conv2D"
        assert not model.compiled


def test_augmentation_changes_training_only():
    plain = run(make_experiment(), max_epochs=1)
    augmented = run(make_experiment(augmentation=AUGMENTATION), max_epochs=1)
    assert weights(plain[0]) != weights(augmented[0])
    # Validation saw the images as they are.
    probabilities = augmented[0].predict(VALIDATION["images"], verbose=0)
    likelihood = probabilities[np.arange(20), VALIDATION["labels"]]
    assert augmented[2]["val_loss"][0] == pytest.approx(
        -np.log(likelihood).mean(), 1e-5
    )


@pytest.mark.parametrize(
    ("metric", "rising", "falling"),
    [("val_loss", 3, 9), ("loss", 3, 9), ("val_accuracy", 9, 3), ("accuracy", 9, 3)],
)
@pytest.mark.parametrize("direction", ["rising", "falling"])
def test_early_stopping_knows_what_is_better(metric, rising, falling, direction):
    """Feed a metric that moves one way for nine epochs; patience is two."""
    training = {"early_stopping": {metric: 2}}
    (stop,) = make_schedules_and_stoppers(make_experiment(training=training).training)
    trainee = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2)])
    trainee.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    trainee.fit(np.zeros((1, 1)), np.zeros(1), verbose=0)
    stop.set_model(trainee)
    trainee.stop_training = False
    stop.on_train_begin()
    step = 0.1 if direction == "rising" else -0.1
    epochs = 0
    while epochs < 9 and not trainee.stop_training:
        stop.on_epoch_end(epochs, {metric: 1 + step * epochs})
        epochs += 1
    assert epochs == {"rising": rising, "falling": falling}[direction]


def test_early_stopping_stops():
    # Nothing is learnt at this rate: accuracy never improves.
    training = {
        "epochs": 9,
        "optimizer": {"name": "sgd", "learning_rate": 1e-9},
        "early_stopping": {"val_accuracy": 2},
    }
    assert len(run(make_experiment(training=training))[2]) == 3


def test_the_learning_rate_drops_and_the_history_shows_the_rate_in_use():
    training = {
        "epochs": 6,
        "optimizer": {"name": "sgd", "learning_rate": 1e-9},
        "reduce_lr": {
            "monitor": "val_loss",
            "factor": 0.1,
            "patience": 2,
            "min_lr": 5e-11,
        },
    }
    history = run(make_experiment(training=training))[2]
    rates = [1e-9, 1e-9, 1e-9, 1e-10, 1e-10, 5e-11]
    assert history["learning_rate"].tolist() == pytest.approx(rates)


def test_callbacks_watch_what_the_experiment_names():
    training = {
        "early_stopping": {"val_loss": 7, "accuracy": 3},
        "reduce_lr": {
            "monitor": "val_loss",
            "factor": 0.1,
            "patience": 5,
            "min_lr": 1e-5,
        },
    }
    plateau, *stops = make_schedules_and_stoppers(
        make_experiment(training=training).training
    )
    assert (plateau.monitor, plateau.factor, plateau.patience, plateau.min_lr) == (
        *("val_loss", 0.1, 5),
        1e-5,
    )
    assert {stop.monitor: stop.patience for stop in stops} == {
        "val_loss": 7,
        "accuracy": 3,
    }
    assert not any(stop.restore_best_weights for stop in stops)


EVERYTHING = {
    "network": {"dropout": 0.5, "batch_norm": True, "l2": 0.001},
    "augmentation": AUGMENTATION,
    "training": {
        "epochs": 16,
        "early_stopping": {"val_loss": 20},
        "reduce_lr": {
            "monitor": "accuracy",
            "factor": 0.1,
            "patience": 2,
            "min_lr": 1e-6,
        },
    },
}


BEYOND_THE_REPORT = {
    "network": {
        "whitening": {"size": 2, "epsilon": 1e-4},
        "blocks": [{"filters": [8], "pool": "first"}],
        "activation": "gelu",
        "batch_norm": {"before_activation": True, "scale": False, "momentum": 0.6},
        "identity_start": True,
        "global_max": True,
        "dense": [],
        "feature_scale": 0.5,
    },
    "augmentation": {"horizontal_flip": "alternating"},
    "training": {
        "epochs": 16,
        "optimizer": {
            "name": "muon",
            "learning_rate": 0.2,
            "momentum": 0.6,
            "other_learning_rate": 0.01,
        },
        "schedule": "linear",
        "label_smoothing": 0.2,
    },
}


def averaged(sections, ema_momentum):
    training = sections["training"]
    optimizer = training.get("optimizer", {"name": "adam", "learning_rate": 0.001})
    changed = training | {"optimizer": optimizer | {"ema_momentum": ema_momentum}}
    return sections | {"training": changed}


@pytest.mark.parametrize(
    "sections",
    [
        *(EVERYTHING, BEYOND_THE_REPORT),
        *(averaged(EVERYTHING, 0.9), averaged(BEYOND_THE_REPORT, 0.9)),
    ],
)
@pytest.mark.parametrize("done", [1, 4, 16])
def test_resumed_equals_uninterrupted(tmp_path, done, sections, monkeypatch):
    """Dropout, augmentation, order, optimizer, rate, counters, best weights, history."""
    if keras.backend.backend() == "tensorflow":  # few channels are enough to be tuned
        monkeypatch.setattr("cifar_kedro.models.tensorflow.layers.WINOGRAD_CHANNELS", 1)
    experiment = make_experiment(**sections)
    whole = run(experiment)
    assert whole[2]["learning_rate"].nunique() > 1  # or the counters are not tried
    checkpoint = Checkpoint(str(tmp_path / "checkpoint.npz"))
    run(experiment, checkpoint=checkpoint, max_epochs=done)
    keras.utils.set_random_seed(
        99
    )  # nothing may depend on what this process did before
    resumed = run(experiment, checkpoint=checkpoint)
    for index in (0, 1):
        assert weights(resumed[index]) == weights(whole[index])
    measured = HISTORY_COLUMNS[:-1]
    assert resumed[2][measured].equals(whole[2][measured])
    assert (resumed[2]["seconds"] > 0).all()


@pytest.mark.parametrize(
    "sections",
    [EVERYTHING, averaged(EVERYTHING, 0.9), averaged(BEYOND_THE_REPORT, 0.9)],
)
def test_a_larger_bound_goes_on_as_if_it_had_been_so_large(tmp_path, sections):
    experiment = make_experiment(**sections)
    whole = run(experiment, max_epochs=8)
    assert whole[2]["learning_rate"].nunique() > 1  # or the counters are not tried
    checkpoint = Checkpoint(str(tmp_path / "checkpoint.npz"))
    for bound in (2, 5, 8):
        trained = run(experiment, checkpoint=checkpoint, max_epochs=bound)
        checkpoint.keep_bounded()
    for index in (0, 1):
        assert weights(trained[index]) == weights(whole[index])
    measured = HISTORY_COLUMNS[:-1]
    assert trained[2][measured].equals(whole[2][measured])


def test_a_bound_that_is_no_larger_starts_from_scratch(tmp_path):
    checkpoint = Checkpoint(str(tmp_path / "checkpoint.npz"))
    one = run(make_experiment(), checkpoint=checkpoint, max_epochs=1)[2]
    checkpoint.keep_bounded()
    two = run(make_experiment(), checkpoint=checkpoint, max_epochs=1)[2]
    assert len(one) == len(two) == 1
    assert one["seconds"][0] != two["seconds"][0]  # trained again


def test_more_epochs_than_the_bound_are_handed_over_with_a_warning(tmp_path, caplog):
    checkpoint = Checkpoint(str(tmp_path / "checkpoint.npz"))
    run(make_experiment(), checkpoint=checkpoint)
    assert len(run(make_experiment(), checkpoint=checkpoint, max_epochs=1)[2]) == 2
    assert "tiny: 2 epochs were trained already, more than max_epochs=1" in caplog.text


def test_a_training_that_its_callbacks_ended_is_not_taken_up_again(tmp_path):
    training = {
        "epochs": 9,
        "optimizer": {"name": "sgd", "learning_rate": 1e-9},
        "early_stopping": {"val_accuracy": 2},
    }
    checkpoint = Checkpoint(str(tmp_path / "checkpoint.npz"))
    one, two = (
        run(make_experiment(training=training), checkpoint=checkpoint) for _ in "12"
    )
    assert weights(one[0]) == weights(two[0])
    assert one[2].equals(two[2])  # seconds included: no epoch was run again


def test_a_loss_that_is_no_number_ends_the_training(tmp_path):
    training = {"optimizer": {"name": "sgd", "learning_rate": 10.0}, "epochs": 30}
    experiment = make_experiment(training=training, network={"l2": 1.0})
    checkpoint = Checkpoint(str(tmp_path / "checkpoint.npz"))
    with pytest.raises(FloatingPointError) as error:
        run(experiment, checkpoint=checkpoint)
    epoch = len(checkpoint.load().history) if checkpoint.exists() else 0
    for part in (f"at epoch {epoch + 1}, step", "learning_rate", "resume=false"):
        assert part in str(error.value)


@pytest.mark.parametrize(("steps", "expected"), [(1, 1), (2, 2), ("epoch", 4)])
def test_an_execution_has_as_many_steps_as_named(steps, expected):
    assert count_steps(Execution(steps_per_execution=steps), 4) == expected


def test_more_steps_per_execution_give_the_same(tmp_path):
    training = {"batch_size": 10}
    one, two, all_of_them = (
        run(
            make_experiment(training=training),
            execution=Execution(steps_per_execution=steps),
        )
        for steps in (1, 2, "epoch")
    )
    for other in (two, all_of_them):
        np.testing.assert_allclose(one[2]["loss"], other[2]["loss"], rtol=1e-5)
    with pytest.raises(
        ValueError, match=r"received 3, .* divisor .*: 1, 2, 4; or 'epoch'"
    ):
        run(
            make_experiment(training=training),
            execution=Execution(steps_per_execution=3),
        )


def test_mixed_precision_computes_in_16_bits_and_keeps_32():
    network, _, history = run(make_experiment(training={"precision": "mixed_bfloat16"}))
    assert {w.dtype for w in network.get_weights()} == {np.dtype("float32")}
    assert network.get_layer("conv1_1").compute_dtype == "bfloat16"
    assert network.output.dtype == "float32"
    assert np.isfinite(history["loss"]).all()
    assert weights(run(make_experiment())[0]) != weights(network)


def test_what_goes_beyond_the_report_learns():
    history = run(make_experiment(**BEYOND_THE_REPORT))[2]
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    assert history["learning_rate"].diff().lt(0)[1:].all()


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
@pytest.mark.parametrize("sections", [EVERYTHING, BEYOND_THE_REPORT])
def test_an_average_that_forgets_is_the_trained_network(
    sections, precision, monkeypatch
):
    """The average's variables find the second network's, in the right order."""
    if keras.backend.backend() == "tensorflow":
        monkeypatch.setattr("cifar_kedro.models.tensorflow.layers.WINOGRAD_CHANNELS", 1)
    training = sections["training"] | {"precision": precision, "batch_size": 10}
    sections = sections | {"training": training}
    execution = Execution(steps_per_execution=2)
    trained, forgetful = (
        run(make_experiment(**of), execution=execution)[0]
        for of in (sections, averaged(sections, 1e-6))
    )
    for one, other in zip(
        trained.trainable_variables, forgetful.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_what_is_measured_and_handed_over_is_the_average():
    trained = run(make_experiment(**BEYOND_THE_REPORT))
    network, best, history = run(make_experiment(**averaged(BEYOND_THE_REPORT, 0.9)))
    assert history["loss"].equals(trained[2]["loss"])  # what is trained is the same
    assert (history["val_loss"] != trained[2]["val_loss"]).all()
    one, other = (model.get_layer("classes").kernel for model in (network, trained[0]))
    assert not np.allclose(one, other, rtol=1e-3)
    last, best_epoch = len(history) - 1, history["val_accuracy"].idxmax()
    for model, epoch in ((network, last), (best, best_epoch)):
        probabilities = model.predict(VALIDATION["images"], verbose=0)
        targets = np.eye(10)[VALIDATION["labels"]] * 0.8 + 0.02
        loss = -(targets * np.log(probabilities)).sum(axis=1).mean()
        assert history["val_loss"][epoch] == pytest.approx(loss, 1e-4)


def test_validation_has_the_loss_of_the_training():
    experiment = make_experiment(training={"label_smoothing": 0.5, "epochs": 1})
    network, _, history = run(experiment)
    probabilities = network.predict(VALIDATION["images"], verbose=0)
    targets = np.eye(10)[VALIDATION["labels"]] * 0.5 + 0.05
    loss = -(targets * np.log(probabilities)).sum(axis=1).mean()
    assert history["val_loss"][0] == pytest.approx(loss, 1e-4)


def test_alternating_flips_reach_the_network():
    experiment = make_experiment(augmentation={"horizontal_flip": "alternating"})
    plain, one, two = (
        weights(run(e, max_epochs=1)[0])
        for e in (make_experiment(), experiment, experiment)
    )
    assert plain != one == two
