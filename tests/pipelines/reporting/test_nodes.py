import numpy as np
import pytest

from cifar_kedro.config import Experiment
from cifar_kedro.config.data import CIFAR10_CLASSES
from cifar_kedro.pipelines.reporting.nodes import plot_augmented_images
from tests.helpers.experiments import make_experiment


def make_augmented(augmentation: dict | None) -> Experiment:
    return make_experiment(
        name="exp7", title="Data augmentation", augmentation=augmentation
    )


@pytest.fixture
def train() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Random images, and a split: two per class train, the classes in falling order."""
    images = np.random.default_rng(0).random((30, 32, 32, 3), dtype=np.float32)
    labels = np.tile(np.arange(10, dtype=np.uint8), 3)
    names = np.array(CIFAR10_CLASSES)
    indices = np.arange(29, -1, -1, dtype=np.int32)
    split = {"train": indices[:20], "validation": indices[20:]}
    return {"images": images, "labels": labels, "class_names": names}, split


def cells(figure) -> np.ndarray:
    """The images of the sheet, uint8 (rows, 9, 32, 32, 3)."""
    picture = np.asarray(figure.axes[0].images[0].get_array())[..., :3]
    lefts = [0] + [6 + 34 * column for column in range(1, 9)]
    return np.stack(
        [
            [picture[top : top + 32, left : left + 32] for left in lefts]
            for top in range(0, picture.shape[0], 34)
        ]
    )


def test_a_row_per_class_opens_with_the_first_image_of_the_class(train):
    figure = plot_augmented_images(*train, make_augmented({}), seed=2)
    shown = cells(figure)
    assert shown.shape == (10, 9, 32, 32, 3)
    originals = (255 * train[0]["images"][20:]).round()
    np.testing.assert_array_equal(shown[:, 0], originals)
    # An augmentation whose ranges are all zero leaves images as they are.
    np.testing.assert_allclose(shown[:, 1:], shown[:, :1].repeat(8, 1), atol=1)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(
        CIFAR10_CLASSES
    )
    np.testing.assert_array_equal(axes.get_yticks(), 34 * np.arange(10) + 16)
    assert figure.get_suptitle() == "exp7: Data augmentation (seed 2)"


def test_augmentations_differ_from_each_other_and_come_from_the_seed(train):
    experiment = make_augmented({"rotation_range": 40.0, "horizontal_flip": True})
    first, again, other = (
        cells(plot_augmented_images(*train, experiment, seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert all(len(np.unique(row, axis=0)) == 9 for row in first)


def test_a_class_without_images_has_no_row(train):
    images, split = train
    few = {"train": split["train"][[0, 9]]}
    figure = plot_augmented_images(images, few, make_augmented({}), seed=0)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["airplane", "truck"]
    assert len(cells(figure)) == 2


def test_an_experiment_without_augmentation_is_refused(train):
    with pytest.raises(ValueError, match="exp7 has no augmentation"):
        plot_augmented_images(*train, make_augmented(None), seed=0)
