import numpy as np
import pandas as pd
import pytest
from kedro_datasets.matplotlib import MatplotlibDataset

from cifar_kedro.figures.learning_curves import (
    limit_outliers,
    plot_learning_curves,
)
from tests.helpers.experiments import make_experiment

EXPERIMENT = make_experiment(
    name="exp9", title="Learning rate 0.01", training={"epochs": 200}
)


def make_history(epochs: int, **columns: object) -> pd.DataFrame:
    progress = np.linspace(0, 1, epochs)
    history = pd.DataFrame(
        {
            "epoch": np.arange(1, epochs + 1),
            "loss": 2.3 - progress,
            "accuracy": 0.1 + 0.8 * progress,
            "val_loss": 2.4 - progress,
            "val_accuracy": 0.1 + 0.7 * progress,
            "learning_rate": np.float32(0.01),
            "seconds": 1.0,
        }
    )
    return history.assign(**columns)


def curves(axes):
    """The lines over all epochs by label; the marks are lines too, but of two points."""
    return {line.get_label(): line for line in axes.lines[:2]}


def drop_epochs(axes):
    return [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"]


def test_each_panel_shows_its_quantity_on_train_and_validation():
    history = make_history(20)
    figure = plot_learning_curves(history, EXPERIMENT, seed=3)
    for axes, quantity in zip(figure.axes, ["loss", "accuracy"], strict=True):
        lines = curves(axes)
        assert set(lines) == {"train", "validation"}
        np.testing.assert_array_equal(lines["train"].get_xdata(), history["epoch"])
        np.testing.assert_array_equal(lines["train"].get_ydata(), history[quantity])
        np.testing.assert_array_equal(
            lines["validation"].get_ydata(), history[f"val_{quantity}"]
        )
        assert axes.get_xlabel() == "epoch"
        assert axes.get_ylabel() == quantity
        assert lines["train"].get_color() != lines["validation"].get_color()
        assert lines["train"].get_linestyle() != lines["validation"].get_linestyle()
    assert figure.get_suptitle() == "exp9: Learning rate 0.01 (seed 3)"


def test_best_epoch_is_the_first_of_the_highest_validation_accuracy():
    history = make_history(5, val_accuracy=[0.2, 0.81239, 0.5, 0.81239, 0.3])
    loss_axes, accuracy_axes = plot_learning_curves(history, EXPERIMENT, seed=0).axes
    for axes in (loss_axes, accuracy_axes):
        (line,) = [x for x in axes.lines if x.get_label().startswith("best")]
        assert line.get_label() == "best epoch 2: 0.8124"
        assert list(line.get_xdata()) == [2, 2]
    (star,) = [line for line in accuracy_axes.lines if line.get_marker() == "*"]
    assert star.get_xydata().tolist() == [[2, 0.81239]]


def test_every_drop_of_the_rate_is_marked_with_the_new_rate():
    rates = np.repeat(np.float32([0.01, 0.001, 0.0001]), [10, 5, 5])
    figure = plot_learning_curves(
        make_history(20, learning_rate=rates), EXPERIMENT, seed=0
    )
    for axes in figure.axes:
        assert drop_epochs(axes) == [11, 16]
        assert [text.get_text() for text in axes.texts] == ["0.001", "0.0001"]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == [
        "train",
        "validation",
        "best epoch 20: 0.8000",
        "learning rate drops",
        "end: training was cut short",
    ]


def test_the_end_is_marked_with_its_reason():
    history = make_history(200)
    figure = plot_learning_curves(history, EXPERIMENT, seed=0)
    for axes in figure.axes:
        (line,) = [x for x in axes.lines if x.get_label().startswith("end")]
        assert line.get_label() == "end: all 200 epochs trained"
        assert list(line.get_xdata()) == [200, 200]


def test_a_rate_that_rises_or_stays_is_no_drop():
    history = make_history(4, learning_rate=[0.001, 0.001, 0.01, 0.005])
    for axes in plot_learning_curves(history, EXPERIMENT, seed=0).axes:
        assert drop_epochs(axes) == [4]


def test_crowded_drops_are_all_drawn_and_written_without_overlap():
    history = make_history(200, learning_rate=np.linspace(0.01, 0.001, 200))
    figure = plot_learning_curves(history, EXPERIMENT, seed=0)
    for axes in figure.axes:
        assert drop_epochs(axes) == list(range(2, 201))
        written = [text.get_position()[0] for text in axes.texts]
        assert 10 <= len(written) <= 25
        assert np.diff(written).min() >= 8


def test_a_schedule_that_falls_in_every_epoch_is_not_marked():
    training = EXPERIMENT.training.model_copy(update={"schedule": "linear"})
    scheduled = EXPERIMENT.model_copy(update={"training": training})
    history = make_history(20, learning_rate=np.linspace(0.01, 0.001, 20))
    figure = plot_learning_curves(history, scheduled, seed=0)
    assert not any(drop_epochs(axes) for axes in figure.axes)


def test_one_epoch_is_visible():
    figure = plot_learning_curves(make_history(1), EXPERIMENT, seed=0)
    figure.draw_without_rendering()
    for axes in figure.axes:
        for line in curves(axes).values():
            assert len(line.get_xdata()) == 1
            assert line.get_marker() == "o"
        ticks = [label.get_text() for label in axes.get_xticklabels()]
        assert "1" in ticks
        assert not any("." in tick for tick in ticks)


def test_outliers_do_not_flatten_the_loss_and_the_axis_says_so():
    history = make_history(100)
    history.loc[[1, 40], "val_loss"] = [2e5, np.inf]
    loss_axes, _ = plot_learning_curves(history, EXPERIMENT, seed=0).axes
    bottom, top = loss_axes.get_ylim()
    assert bottom == 0
    assert 2.4 < top < 10
    assert loss_axes.get_ylabel() == "loss (cut; reaches 2e+05)"


def test_a_diverged_loss_still_makes_a_figure():
    history = make_history(3, loss=np.nan, val_loss=np.nan)
    assert len(plot_learning_curves(history, EXPERIMENT, seed=0).axes) == 2


@pytest.mark.parametrize(
    ("losses", "cut"),
    [
        (np.array([0.5, 30.0]), False),  # a single epoch is shown whole
        (0.5 + 10 * np.exp(-np.arange(80) / 8), False),  # the steep start of exp6
        (np.r_[np.ones(50), 1000.0], True),
        (np.array([np.nan, np.inf]), False),
    ],
)
def test_limit_outliers(losses, cut):
    assert (limit_outliers(losses) is not None) == cut


def test_an_empty_history_is_refused():
    with pytest.raises(ValueError, match="holds no epoch"):
        plot_learning_curves(make_history(3).head(0), EXPERIMENT, seed=0)


def test_kedro_saves_the_figure_without_pyplot_state(tmp_path):
    from matplotlib import image, pyplot

    before = pyplot.get_fignums()
    figure = plot_learning_curves(make_history(3), EXPERIMENT, seed=0)
    assert pyplot.get_fignums() == before
    path = tmp_path / "learning_curves.png"
    MatplotlibDataset(filepath=path.as_posix(), save_args={"dpi": 100}).save(figure)
    assert image.imread(path).shape[:2] == (500, 900)
