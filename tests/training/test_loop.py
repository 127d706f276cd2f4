import keras
import numpy as np
import pytest

from cifar_kedro.config import Execution
from cifar_kedro.config.run import HISTORY_COLUMNS
from cifar_kedro.datasets.checkpoint import Checkpoint
from cifar_kedro.models.network import build_network
from cifar_kedro.training.backend import prepare_keras
from cifar_kedro.training.loop import fit
from tests.helpers.experiments import make_experiment
from tests.helpers.images import make_images, make_split

DEVELOPMENT = make_images(60)
SPLIT = make_split(DEVELOPMENT, 20)
VALIDATION = {
    key: DEVELOPMENT[key][SPLIT["validation"]] for key in ("images", "labels")
}
AUGMENTATION = {"horizontal_flip": True, "rotation_range": 20.0}
PLATEAU = {"factor": 0.1, "patience": 2}
MUON = {"name": "muon", "learning_rate": 0.2, "momentum": 0.6}


def run(experiment, seed=0, **options):
    prepare_keras(seed, experiment.training.precision, Execution())
    network = build_network(experiment.network)
    return fit(network, DEVELOPMENT, SPLIT, experiment, seed, **options)


def weights(model):
    return b"".join(array.tobytes() for array in model.get_weights())


def assert_same(one, other):
    """Both networks and the history are the same, to the bit, but for the seconds."""
    for index in (0, 1):
        assert weights(one[index]) == weights(other[index])
    measured = HISTORY_COLUMNS[:-1]
    assert one[2][measured].equals(other[2][measured])


def measure_loss(model, smoothing=0.0):
    """Compute the loss on the validation images by hand."""
    probabilities = model.predict(VALIDATION["images"], verbose=0)
    targets = np.eye(10)[VALIDATION["labels"]] * (1 - smoothing) + smoothing / 10
    return pytest.approx(-(targets * np.log(probabilities)).sum(axis=1).mean(), 1e-4)


@pytest.fixture
def checkpoint(tmp_path):
    return Checkpoint(str(tmp_path / "checkpoint.npz"))


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
    assert_same(one, two)
    for index in (0, 1):
        assert weights(one[index]) != weights(other[index])


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
    assert augmented[2]["val_loss"][0] == measure_loss(augmented[0])


def test_the_learning_rate_drops_and_the_history_shows_the_rate_in_use():
    training = {
        "epochs": 6,
        "optimizer": {"name": "sgd", "learning_rate": 1e-9},
        "reduce_lr": PLATEAU | {"monitor": "val_loss", "min_lr": 5e-11},
    }
    history = run(make_experiment(training=training))[2]
    rates = [1e-9, 1e-9, 1e-9, 1e-10, 1e-10, 5e-11]
    assert history["learning_rate"].tolist() == pytest.approx(rates)


EVERYTHING = {
    "network": {"dropout": 0.5, "batch_norm": True, "l2": 0.001},
    "augmentation": AUGMENTATION,
    "training": {
        "epochs": 16,
        "early_stopping": {"val_loss": 20},
        "reduce_lr": PLATEAU | {"monitor": "accuracy", "min_lr": 1e-6},
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
        "optimizer": MUON | {"other_learning_rate": 0.01},
        "schedule": "linear",
        "label_smoothing": 0.2,
    },
}


def averaged(sections, ema_momentum=0.9):
    training = sections["training"]
    optimizer = training.get("optimizer", {"name": "adam", "learning_rate": 0.001})
    changed = training | {"optimizer": optimizer | {"ema_momentum": ema_momentum}}
    return sections | {"training": changed}


FOUR = [EVERYTHING, BEYOND_THE_REPORT]
FOUR += [averaged(sections) for sections in FOUR]


@pytest.fixture
def tuned(monkeypatch):
    """Let few channels be enough for TensorFlow's fast layers."""
    if keras.backend.backend() == "tensorflow":
        monkeypatch.setattr("cifar_kedro.models.tensorflow.layers.WINOGRAD_CHANNELS", 1)


@pytest.mark.usefixtures("tuned")
@pytest.mark.parametrize("sections", FOUR)
@pytest.mark.parametrize("done", [1, 4, 16])
def test_resumed_equals_uninterrupted(checkpoint, done, sections):
    """Dropout, augmentation, order, optimizer, rate, counters, best weights, history."""
    experiment = make_experiment(**sections)
    whole = run(experiment)
    assert whole[2]["learning_rate"].nunique() > 1  # or the counters are not tried
    run(experiment, checkpoint=checkpoint, max_epochs=done)
    keras.utils.set_random_seed(99)  # nothing may depend on what this process did
    resumed = run(experiment, checkpoint=checkpoint)
    assert_same(resumed, whole)
    assert (resumed[2]["seconds"] > 0).all()


@pytest.mark.parametrize("sections", [FOUR[0], *FOUR[2:]])
def test_a_larger_bound_goes_on_as_if_it_had_been_so_large(checkpoint, sections):
    experiment = make_experiment(**sections)
    whole = run(experiment, max_epochs=8)
    assert whole[2]["learning_rate"].nunique() > 1  # or the counters are not tried
    for bound in (2, 5, 8):
        trained = run(experiment, checkpoint=checkpoint, max_epochs=bound)
        checkpoint.keep_bounded()
    assert_same(trained, whole)


def test_a_bound_that_is_no_larger_starts_from_scratch(checkpoint):
    one = run(make_experiment(), checkpoint=checkpoint, max_epochs=1)[2]
    checkpoint.keep_bounded()
    two = run(make_experiment(), checkpoint=checkpoint, max_epochs=1)[2]
    assert len(one) == len(two) == 1
    assert one["seconds"][0] != two["seconds"][0]  # trained again


def test_more_epochs_than_the_bound_count_with_a_warning(checkpoint, caplog):
    run(make_experiment(), checkpoint=checkpoint)
    assert len(run(make_experiment(), checkpoint=checkpoint, max_epochs=1)[2]) == 2
    assert "tiny: 2 epochs were trained already, more than max_epochs=1" in caplog.text


def test_a_training_that_its_callbacks_ended_is_not_taken_up_again(checkpoint):
    # Nothing is learnt at this rate: accuracy never improves.
    optimizer = {"name": "sgd", "learning_rate": 1e-9}
    stop = {"epochs": 9, "early_stopping": {"val_accuracy": 2}}
    experiment = make_experiment(training=stop | {"optimizer": optimizer})
    one, two = (run(experiment, checkpoint=checkpoint) for _ in "12")
    assert len(one[2]) == 3
    assert weights(one[0]) == weights(two[0])
    assert one[2].equals(two[2])  # seconds included: no epoch was run again


def test_a_loss_that_is_no_number_ends_the_training(checkpoint):
    training = {"optimizer": {"name": "sgd", "learning_rate": 10.0}, "epochs": 30}
    experiment = make_experiment(training=training, network={"l2": 1.0})
    with pytest.raises(FloatingPointError) as error:
        run(experiment, checkpoint=checkpoint)
    epoch = len(checkpoint.load().history) if checkpoint.exists() else 0
    for part in (f"at epoch {epoch + 1}, step", "learning_rate", "resume=false"):
        assert part in str(error.value)


def test_more_steps_per_execution_give_the_same():
    experiment = make_experiment(training={"batch_size": 10})
    one, *others = (
        run(experiment, execution=Execution(steps_per_execution=steps))
        for steps in (1, 2, "epoch")
    )
    for other in others:
        np.testing.assert_allclose(one[2]["loss"], other[2]["loss"], rtol=1e-5)


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


@pytest.mark.usefixtures("tuned")
@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
@pytest.mark.parametrize("sections", FOUR[:2])
def test_an_average_that_forgets_is_the_trained_network(sections, precision):
    """The average's variables find the second network's, in the right order."""
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
    network, best, history = run(make_experiment(**averaged(BEYOND_THE_REPORT)))
    assert history["loss"].equals(trained[2]["loss"])  # what is trained is the same
    assert (history["val_loss"] != trained[2]["val_loss"]).all()
    one, other = (model.get_layer("classes").kernel for model in (network, trained[0]))
    assert not np.allclose(one, other, rtol=1e-3)
    last, best_epoch = len(history) - 1, history["val_accuracy"].idxmax()
    for model, epoch in ((network, last), (best, best_epoch)):
        assert history["val_loss"][epoch] == measure_loss(model, smoothing=0.2)


def test_validation_has_the_loss_of_the_training():
    experiment = make_experiment(training={"label_smoothing": 0.5, "epochs": 1})
    network, _, history = run(experiment)
    assert history["val_loss"][0] == measure_loss(network, smoothing=0.5)


def test_alternating_flips_reach_the_network():
    experiment = make_experiment(augmentation={"horizontal_flip": "alternating"})
    plain, one, two = (
        weights(run(e, max_epochs=1)[0])
        for e in (make_experiment(), experiment, experiment)
    )
    assert plain != one == two
