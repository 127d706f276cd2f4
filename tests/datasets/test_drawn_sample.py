"""Tests of the drawn sample: the same everywhere, and learnable by shape alone."""

import hashlib

import numpy as np
import pytest
from kedro.io import DatasetError

from cifar_kedro.datasets import DrawnSampleDataset


def draw(seed: int = 0, train: int = 200, test: int = 50) -> dict:
    return DrawnSampleDataset(seed=seed, train_images=train, test_images=test).load()


def nearest_mean(sample: dict, features) -> float:
    """Test accuracy of the classifier that knows each class's mean features."""
    train, test = (features(sample[split]["images"]) for split in ("train", "test"))
    labels = sample["train"]["labels"]
    means = np.stack([train[labels == label].mean(axis=0) for label in range(10)])
    distances = ((test[:, None] - means) ** 2).sum(axis=2)
    return float((distances.argmin(axis=1) == sample["test"]["labels"]).mean())


def to_pixels(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1) / 255


def to_colours(images: np.ndarray) -> np.ndarray:
    """Each image's histogram of red, green and blue: all but the shape."""
    return np.stack(
        [
            np.bincount(image[..., channel].ravel() // 32, minlength=8)
            for image in images
            for channel in range(3)
        ]
    ).reshape(len(images), -1)


def test_structure_is_that_of_the_archive():
    sample = draw(train=203, test=50)
    for split, size in (("train", 203), ("test", 50)):
        images, labels = sample[split]["images"], sample[split]["labels"]
        assert images.shape == (size, 32, 32, 3)
        assert labels.shape == (size,)
        assert images.dtype == labels.dtype == np.uint8
        assert images.flags.c_contiguous


def test_pixels_use_the_whole_range():
    images = draw()["train"]["images"]
    assert (images.min(), images.max()) == (0, 255)
    assert (images.reshape(len(images), -1).std(axis=1) > 10).all()


@pytest.mark.parametrize("size", [10, 57, 200])
def test_classes_are_balanced_and_shuffled(size):
    labels = draw(train=size)["train"]["labels"]
    counts = np.bincount(labels, minlength=10)
    assert counts.max() - counts.min() <= 1
    assert counts.min() >= 1
    assert (np.diff(labels.astype(int)) < 0).sum() > 2  # sorted, it never falls


def test_same_seed_gives_the_same_bits_on_every_machine():
    images = draw(seed=3, train=10, test=10)["train"]["images"]
    digest = hashlib.md5(images.tobytes()).hexdigest()
    assert digest == "fd1aac2c20d88f60964dac136598f623"


def test_other_seed_and_other_split_give_other_images():
    first, second = draw(seed=0, train=50), draw(seed=1, train=50)
    everything = [s[split]["images"] for s in (first, second) for split in s]
    flat = np.concatenate(everything).reshape(200, -1)
    assert len(np.unique(flat, axis=0)) == 200


def test_test_images_do_not_depend_on_how_many_to_train_on():
    few, many = draw(train=10), draw(train=100)
    np.testing.assert_array_equal(few["test"]["images"], many["test"]["images"])


def test_shape_tells_the_classes_apart_partly_and_colour_does_not():
    sample = draw(train=1000, test=500)
    assert 0.25 < nearest_mean(sample, to_pixels) < 0.6
    assert nearest_mean(sample, to_colours) < 0.2


@pytest.mark.parametrize(
    ("argument", "value", "least"),
    [
        ("seed", -1, 0),
        ("seed", 1.0, 0),
        ("seed", None, 0),
        ("train_images", 9, 10),
        ("train_images", -10, 10),
        ("test_images", 0, 10),
        ("test_images", "500", 10),
    ],
)
def test_unfit_numbers_are_refused(argument, value, least):
    numbers = {"seed": 0, "train_images": 20, "test_images": 20} | {argument: value}
    message = f"`{argument}` must be a whole number from {least}, received {value!r}"
    with pytest.raises(ValueError, match=message):
        DrawnSampleDataset(**numbers)


def test_sample_is_read_only_and_always_there():
    dataset = DrawnSampleDataset(seed=0, train_images=10, test_images=10)
    assert dataset.exists()
    with pytest.raises(DatasetError, match="read-only"):
        dataset.save({})
    assert "train=10" in str(dataset)
