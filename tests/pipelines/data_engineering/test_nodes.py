import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cifar_kedro.datasets.identical_images import COUNTS
from cifar_kedro.pipelines.data_engineering.nodes import (
    count_identical_images,
    load_images,
    scale_images,
    split_images,
)
from tests.helpers.images import make_images


def numbered(count):
    """Make images whose first pixel is their number."""
    data = make_images(count)
    data["images"][:, 0, 0, 0] = np.arange(count)
    return data


def test_load_hands_on_both_parts():
    raw = {"train": make_images(20), "test": make_images(10, seed=1)}
    for part, loaded in zip(("train", "test"), load_images(raw), strict=True):
        assert loaded.keys() == {"images", "labels", "digests"}
        assert all(loaded[key] is raw[part][key] for key in raw[part])


def test_a_test_set_that_is_partly_the_training_set_is_refused():
    raw = {"train": make_images(20), "test": make_images(30, seed=1)}
    raw["test"]["images"][[7, 9]] = raw["train"]["images"][3]
    message = (
        "received 2 of 30 .* row 7 of test and row 3 of train .* most 0%.*`archive`"
    )
    with pytest.raises(ValueError, match=message):
        load_images(raw)


def test_what_is_counted_belongs_to_the_split(caplog):
    train, test = make_images(100), make_images(30, seed=1)
    train["images"][[10, 21]] = train["images"][0]  # labels 0, 1 and 0
    test["images"][5] = test["images"][4]
    development, tested = load_images({"train": train, "test": test})
    counted = count_identical_images(development, tested, 50, seed=0)
    parts = dict(
        zip(("train", "validation"), split_images(train, 50, seed=0), strict=True)
    )
    assert counted["split"] == str(parts["train"]["split"])
    copies = {
        name: int((part["images"] == train["images"][0]).all(axis=(1, 2, 3)).sum())
        for name, part in parts.items()
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
    scaled = scale_images({"images": pixels, "labels": np.zeros(1, np.uint8)})["images"]
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.ravel(), np.arange(256) / 255, rtol=1e-6)
    assert scaled.min() == 0 and scaled.max() == 1


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), validation=st.integers(1, 9).map(lambda n: 10 * n))
def test_split_parts_the_images_stratified(seed, validation):
    data = numbered(200)
    parts = split_images(data, validation, seed)
    assert [len(part["labels"]) for part in parts] == [200 - validation, validation]
    numbers = [part["images"][:, 0, 0, 0].astype(int) for part in parts]
    assert sorted(np.concatenate(numbers)) == list(range(200))
    for part, number in zip(parts, numbers, strict=True):
        np.testing.assert_array_equal(part["labels"], data["labels"][number])
        assert len(set(np.bincount(part["labels"]))) == 1


def test_split_depends_on_the_seed_alone():
    data = numbered(200)
    one, two, other = (split_images(data, 50, seed)[1]["images"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_both_parts_name_their_split():
    data, relabelled = numbered(200), numbered(200)
    relabelled["labels"] = np.roll(relabelled["labels"], 1)
    splits = [
        split_images(data, 50, 0),
        split_images(data, 50, 1),
        split_images(data, 60, 0),
        split_images(relabelled, 50, 0),
    ]
    assert len({str(train["split"]) for train, _ in splits}) == 4
    for train, validation in splits:
        assert train["split"] == validation["split"]


@pytest.mark.parametrize("validation", [9, 191, 200, 10_000])
def test_split_that_would_miss_a_class_is_refused(validation):
    message = (
        f"validation_images: received {validation} of 200 images, expected 10 to 190"
    )
    with pytest.raises(ValueError, match=message):
        split_images(make_images(200), validation, 0)
