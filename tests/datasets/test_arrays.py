"""Arrays of an .npz file as a raw data set."""

import numpy as np
import pytest

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets import ArraysDataset
from cifar_kedro.datasets.images import check_raw_images

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 28, 28), np.uint8)
LABELS = np.arange(12) % 3
KERAS = {
    "x_train": IMAGES,
    "y_train": LABELS,
    "x_test": IMAGES[:6],
    "y_test": LABELS[:6],
}
MEDMNIST = {
    f"{part}_{kind}": array
    for part in ("train", "val", "test")
    for kind, array in (("images", IMAGES), ("labels", LABELS[:, None]))
}


def load(folder, arrays, save=np.savez, **settings):
    save(folder / "mine.npz", **arrays)
    return ArraysDataset(filepath=str(folder / "mine.npz"), **settings).load()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_with_the_names_of_keras_are_read(tmp_path, save):
    raw = load(tmp_path, KERAS, save)
    check_raw_images(raw)
    np.testing.assert_array_equal(raw["train"]["images"][..., 0], IMAGES)
    np.testing.assert_array_equal(raw["test"]["labels"], LABELS[:6])
    assert raw["train"]["labels"].dtype == np.uint8
    assert (raw["class_names"], raw["name"]) == (["0", "1", "2"], "mine")


def test_of_medmnist_the_validation_images_are_learnt_from(tmp_path):
    raw = load(tmp_path, MEDMNIST, name="PathMNIST", class_names=["a", "b", "c"])
    check_raw_images(raw)
    assert len(raw["train"]["labels"]) == 24 and len(raw["test"]["labels"]) == 12
    assert (raw["class_names"], raw["name"]) == (["a", "b", "c"], "PathMNIST")


def test_without_validation_images_there_are_none(tmp_path):
    arrays = {key: a for key, a in MEDMNIST.items() if not key.startswith("val")}
    assert len(load(tmp_path, arrays)["train"]["labels"]) == 12


@pytest.mark.parametrize("channels", [1, 3])
def test_images_may_have_channels(tmp_path, channels):
    images = IMAGES[..., None].repeat(channels, axis=3)
    raw = load(tmp_path, KERAS | {"x_train": images, "x_test": images[:6]})
    check_raw_images(raw)
    assert raw["test"]["images"].shape == (6, 28, 28, channels)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.uint32])
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_labels_are_whole_numbers_of_any_kind(tmp_path, dtype, shape):
    labels = LABELS.astype(dtype).reshape(shape)
    raw = load(tmp_path, KERAS | {"y_train": labels})
    np.testing.assert_array_equal(raw["train"]["labels"], LABELS)


def test_more_than_256_classes_have_wider_labels(tmp_path):
    labels = np.arange(600) % 300
    images = np.zeros((600, 2, 2), np.uint8)
    arrays = {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}
    raw = load(tmp_path, arrays)
    check_raw_images(raw)
    assert raw["train"]["labels"].max() == 299


RAGGED = np.empty(2, object)
RAGGED[:] = [np.zeros((4, 4)), np.zeros((5, 5))]

REFUSED = {
    "other names": (
        {"y_train": None, "labels": LABELS},
        r"received the arrays x_train, x_test, y_test, labels, expected x_train, y_train,",
    ),
    "objects": (
        {"x_train": RAGGED},
        r"x_train\.npy holds Python objects\)\. Python objects are never unpickled: save",
    ),
    "floats": (
        {"x_train": IMAGES / 255},
        r"`x_train`: received float64, from 0\.0 to 1\.0, expected uint8, 0 to 255\. Frac",
    ),
    "not square": (
        {"x_train": IMAGES[:, :20]},
        r"`x_train`: received \(12, 20, 28\), expected square images",
    ),
    "channels first": (
        {"x_train": np.zeros((12, 3, 28, 28), np.uint8)},
        r"received \(12, 3, 28, 28\), expected square images: \(n, side, side\) or, with",
    ),
    "text": (
        {"y_train": np.array(["cat", "dog", "ape"] * 4)},
        r"`y_train`: received <U3 \(12,\), expected whole numbers .* np\.unique\(labels, ",
    ),
    "one-hot": (
        {"y_train": np.eye(3)[LABELS]},
        r"received float64 \(12, 3\), .* one number for each image\. .*argmax\(axis=1\)",
    ),
    "fractions": (
        {"y_train": LABELS.astype(float)},
        r"received float64 \(12,\), expected whole numbers \(n,\) or \(n, 1\)\.$",
    ),
    "fewer labels": (
        {"y_train": LABELS[:-1]},
        "received 12 images in `x_train` and 11 labels in `y_train`, expected one",
    ),
    "from one": (
        {"y_train": LABELS + 1},
        r"of train: received 3 classes, numbered 1, 2, 3, expected 0 to 2, without a gap",
    ),
    "a gap": (
        {"y_train": LABELS * 2},
        r"numbered 0, 2, 4, expected 0 to 2, without a gap\. .*`class_names` then",
    ),
    "negative": ({"y_train": LABELS - 1}, "numbered -1, 0, 1, expected 0 to 2"),
    "one class": (
        {"y_train": LABELS * 0},
        r"labels: received 1 class \(0\), expected two or more",
    ),
    "of test only": (
        {"y_test": LABELS[:6] + 2},
        "labels of test: received 3, 4, which train has not, expected the same classes",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_arrays_are_refused_with_what_to_do(tmp_path, case):
    change, message = REFUSED[case]
    arrays = {k: a for k, a in (KERAS | change).items() if a is not None}
    with pytest.raises(DatasetError, match=message):
        load(tmp_path, arrays)


def test_validation_images_of_another_size_are_refused(tmp_path):
    change = {"val_images": IMAGES[:, :8, :8]}
    with pytest.raises(DatasetError, match=r"images of \(28, 28, 1\) and \(8, 8, 1\)"):
        load(tmp_path, MEDMNIST | change)


def test_as_many_names_as_classes_are_expected(tmp_path):
    message = "received 3 classes, numbered 0, 1, 2, expected 0 to 1, the 2 of"
    with pytest.raises(DatasetError, match=message):
        load(tmp_path, KERAS, class_names=["a", "b"])


@pytest.mark.parametrize("content", [None, b"", b"hello", b"PK\3\4"])
def test_a_file_that_is_missing_or_damaged_is_named(tmp_path, content):
    path = tmp_path / "a.npz"
    if content is not None:
        path.write_bytes(content)
    expected = (
        "There is no file" if content is None else "can't be read as an .npz file"
    )
    with pytest.raises(DatasetError, match=expected) as refusal:
        ArraysDataset(filepath=str(path)).load()
    assert str(path) in str(refusal.value)


def test_saving_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="read-only"):
        ArraysDataset(filepath=str(tmp_path / "a.npz")).save({})
