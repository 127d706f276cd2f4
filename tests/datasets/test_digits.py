import hashlib

import numpy as np
import pytest
from sklearn.datasets import load_digits

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets import DigitsDataset
from cifar_kedro.datasets.images import check_raw_images

DIGITS = DigitsDataset().load()


def test_they_have_the_form_of_a_raw_data_set():
    check_raw_images(DIGITS)
    assert DIGITS["class_names"] == list("0123456789")
    assert [len(DIGITS[part]["labels"]) for part in ("train", "test")] == [1297, 500]


def test_every_image_is_there_once_and_only_enlarged():
    parts = [DIGITS[part] for part in ("train", "test")]
    small = np.concatenate([part["images"][:, ::4, ::4, 0] for part in parts])
    labels = np.concatenate([part["labels"] for part in parts])
    found = sorted((i.tobytes(), n) for i, n in zip(small, labels, strict=True))
    digits = load_digits()
    pixels = np.rint(digits.images * 255 / 16).astype(np.uint8)
    expected = ((i.tobytes(), n) for i, n in zip(pixels, digits.target, strict=True))
    assert found == sorted(expected)
    blocks = parts[0]["images"].reshape(-1, 8, 4, 8, 4, 3)
    assert (blocks == blocks[:, :, :1, :, :1, :1]).all()


def test_they_are_the_same_wherever_they_are_read():
    digest = hashlib.sha256()
    for part in ("train", "test"):
        digest.update(DIGITS[part]["images"].tobytes())
        digest.update(DIGITS[part]["labels"].tobytes())
    assert (
        digest.hexdigest()
        == "e6590a5b21bdbb87b54617762f91d23c2807589fb9b5ecc6c7ba736056aade1a"
    )


def test_both_parts_have_the_classes_in_equal_shares():
    shares = [
        np.bincount(DIGITS[part]["labels"]) / len(DIGITS[part]["labels"])
        for part in ("train", "test")
    ]
    np.testing.assert_allclose(*shares, atol=0.002)


def test_saving_is_refused():
    with pytest.raises(DatasetError, match="read-only"):
        DigitsDataset().save(DIGITS)
