import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cifar_kedro.datasets import DigitsDataset
from cifar_kedro.datasets.identical_images import COUNTS
from cifar_kedro.pipelines.data_engineering.nodes import (
    count_identical_images,
    load_images,
    scale_images,
    split_images,
)
from tests.helpers.images import make_images, make_raw


def test_load_hands_on_both_parts():
    raw = make_raw(make_images(20), make_images(10, seed=1))
    for part, loaded in zip(("train", "test"), load_images(raw), strict=True):
        assert all(loaded[key] is raw[part][key] for key in raw[part])
        assert loaded["class_names"].tolist() == raw["class_names"]
        assert str(loaded["name"]) == raw["name"]
        assert loaded["digests"].shape == loaded["labels"].shape


def test_a_test_set_that_is_partly_the_training_set_is_refused():
    raw = make_raw(make_images(20), make_images(30, seed=1))
    raw["test"]["images"][[7, 9]] = raw["train"]["images"][3]
    message = r"received 2 of 30 .* most 0%.* image 7 of test and image 3 of train .*`archive`"
    with pytest.raises(ValueError, match=message):
        load_images(raw)


def test_what_is_counted_belongs_to_the_split(caplog):
    train, test = make_images(100), make_images(30, seed=1)
    train["images"][[10, 21]] = train["images"][0]  # labels 0, 1 and 0
    test["images"][5] = test["images"][4]
    development, tested = load_images(make_raw(train, test))
    split = split_images(development, 50, seed=0)
    counted = count_identical_images(development, tested, split)
    assert counted["split"] == str(split["name"])
    copies = {
        name: int(np.isin(split[name], [0, 10, 21]).sum())
        for name in ("train", "validation")
    }
    assert sum(copies.values()) == 3
    assert counted["counts"] == dict.fromkeys(COUNTS, 0) | {
        **{name: max(count - 1, 0) for name, count in copies.items()},
        "validation_in_train": copies["validation"] if copies["train"] else 0,
        "test": 1,
        "contradicting_labels": 5,
    }
    (record,) = [r for r in caplog.records if "Identical images" in r.message]
    assert record.levelname == "WARNING"
    assert "1 in test, copies of others there" in record.message


def test_scale_divides_every_value_by_255():
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    scaled = scale_images(make_images(1) | {"images": pixels})["images"]
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.ravel(), np.arange(256) / 255, rtol=1e-6)
    assert scaled.min() == 0 and scaled.max() == 1


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), validation=st.integers(1, 9).map(lambda n: 10 * n))
def test_split_parts_the_images_stratified(seed, validation):
    data = make_images(200)
    split = split_images(data, validation, seed)
    parts = split["train"], split["validation"]
    assert [len(part) for part in parts] == [200 - validation, validation]
    assert sorted(np.concatenate(parts)) == list(range(200))
    for part in parts:
        assert part.dtype == np.int32
        assert len(set(np.bincount(data["labels"][part]))) == 1


# "in turn": recorded before a split became indices: images in this order were its files.
RECORDED = {
    ("digits", 0): (
        "64ea5c32525988312eeb9a25018fad2ef55817194aeab1ecc8e6562d15311ff2",
        "d12c058455be6275b9fc7e2b874b509ab1247a31ff1598bd6a5992553f1df955",
    ),
    ("digits", 1): (
        "a1c06ae2c4dc38d9d4095d48ad475273387b12b11b32cdbd9afa6445812ec9de",
        "94d2e733bec77ba49e8d6c83fd88abff5373a672d05b41893ccb3e8e5e1f09df",
    ),
    ("in turn", 0): (
        "04e8657cac0b20ad60df4fe0cbb63a4445166ab6bcc685def604999451edd625",
        "47d13488087ffb5bc997d167b2ed35b12c3eced57526a09aa973aac2a07423e3",
    ),
    ("in turn", 1): (
        "a29ffae1e373e36a06acef86083356fee370ed43153ab2c79065ae29a1768ae3",
        "8a3d77c57d17c363c92c6c9133208c5a661dd77681b99c96d147c8254b6d7ebb",
    ),
}


@pytest.mark.parametrize(("labels", "seed"), RECORDED)
def test_a_seed_draws_the_split_that_it_always_drew(labels, seed):
    data = {"labels": (np.arange(2000) % 10).astype(np.uint8)}
    if labels == "digits":
        data = DigitsDataset().load()["train"]
    split = split_images(data, 300 if labels == "digits" else 500, seed)
    drawn = (split["train"], split["validation"])
    hashes = [
        hashlib.sha256(part.astype("<i4").tobytes()).hexdigest() for part in drawn
    ]
    assert tuple(hashes) == RECORDED[labels, seed]


def test_a_split_is_named_after_its_indices_and_labels():
    data, relabelled = make_images(200), make_images(200)
    relabelled["labels"] = np.roll(relabelled["labels"], 1)
    splits = [
        split_images(data, 50, 0),
        split_images(data, 50, 1),
        split_images(data, 60, 0),
        split_images(relabelled, 50, 0),
    ]
    assert len({str(split["name"]) for split in splits}) == 4
    assert split_images(data, 50, 0)["name"] == splits[0]["name"]


@pytest.mark.parametrize("validation", [9, 191, 200, 10_000])
def test_split_that_would_miss_a_class_is_refused(validation):
    message = (
        f"validation_images: received {validation} of 200 images, expected 10 to 190"
    )
    with pytest.raises(ValueError, match=message):
        split_images(make_images(200), validation, 0)
