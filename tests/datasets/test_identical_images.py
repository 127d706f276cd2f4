import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cifar_kedro.datasets import CifarArchiveDataset, DigitsDataset
from cifar_kedro.datasets.identical_images import (
    COUNTS,
    check_overlap,
    count_identical,
    describe_counts,
    digest_images,
)
from cifar_kedro.pipelines.data_engineering.nodes import (
    count_identical_images,
    load_images,
    split_images,
)
from tests.helpers.images import make_raw
from tests.helpers.paths import ARCHIVE, ARCHIVE_HASH

NONE = dict.fromkeys(COUNTS, 0)


def make_part(*numbers, labels=None):
    """Make a part whose images are known by their number."""
    digests = np.array(numbers, np.uint64)
    return {
        "digests": digests,
        "labels": digests % 10 if labels is None else np.array(labels),
    }


@pytest.mark.parametrize("shape", [(32, 32, 3), (8, 8, 1), (5, 7), (1,)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_digests_are_equal_where_images_are(shape, dtype):
    images = np.zeros((4, *shape), dtype)
    images[1].flat[-1] = images[3].flat[-1] = 1
    images[2].flat[-1] = 2
    digests = digest_images(images)
    assert digests.dtype == np.uint64
    assert digests[1] == digests[3]
    assert len(set(digests)) == 3
    np.testing.assert_array_equal(digest_images(images[::-1])[::-1], digests)
    assert len(digest_images(images[:0])) == 0


def test_digests_do_not_depend_on_the_order_in_memory():
    images = np.random.default_rng(0).integers(256, size=(3, 3, 8, 8), dtype=np.uint8)
    seen = images.transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(digest_images(seen), digest_images(seen.copy()))


@settings(max_examples=50)
@given(st.lists(st.lists(st.integers(0, 6), max_size=12), min_size=3, max_size=3))
def test_counts_are_those_of_counting_one_by_one(numbers):
    labels = [[i % 2 for i, _ in enumerate(part)] for part in numbers]
    names = ("train", "validation", "test")
    parts = {
        name: make_part(*part, labels=own)
        for name, part, own in zip(names, numbers, labels, strict=True)
    }
    train, validation, test = numbers
    pairs = [pair for n, ls in zip(numbers, labels) for pair in zip(n, ls)]  # noqa: B905
    assert count_identical(parts) == {
        **{n: len(part) - len(set(part)) for n, part in zip(names, numbers)},  # noqa: B905
        "validation_in_train": sum(number in train for number in validation),
        "test_in_train": sum(number in train for number in test),
        "test_in_validation": sum(number in validation for number in test),
        "contradicting_labels": sum(
            any((number, other) in pairs for other in {0, 1} - {label})
            for number, label in pairs
        ),
    }


def test_one_test_image_among_those_to_learn_from_is_refused():
    message = "received 1 of 3 that .* is image 2 of test and image 1 of train"
    with pytest.raises(ValueError, match=message):
        check_overlap(make_part(4, 5, 6), make_part(7, 8, 5))


def test_images_that_are_twice_in_one_part_are_not_refused():
    check_overlap(make_part(1, 1, 2), make_part(3, 3))


def test_images_that_are_all_equal_are_refused():
    constant = {
        "images": np.zeros((20, 8, 8, 1), np.uint8),
        "labels": np.arange(20, dtype=np.uint8) % 10,
    }
    with pytest.raises(ValueError, match="received 20 of 20"):
        load_images(make_raw(constant, constant))


def test_the_sentence_names_what_was_found_and_nothing_else():
    assert describe_counts(NONE) == "Identical images: none."
    assert describe_counts(NONE | {"train": 1200, "contradicting_labels": 2}) == (
        "Identical images: 1,200 in train, copies of others there; 2 with a copy that has "
        "another label."
    )


def test_the_digits_have_none():
    parts = load_images(DigitsDataset().load())
    split = split_images(parts[0], 300, seed=0)
    assert count_identical_images(*parts, split)["counts"] == NONE


@pytest.mark.real_data
@pytest.mark.skipif(not ARCHIVE.exists(), reason=f"no archive at {ARCHIVE}")
def test_the_true_images_are_all_different():
    parts = load_images(
        CifarArchiveDataset(
            content="cifar10",
            filepath=str(ARCHIVE),
            url=None,
            known_hash=ARCHIVE_HASH,
        ).load()
    )
    for seed in range(3):
        split = split_images(parts[0], 10_000, seed)
        assert count_identical_images(*parts, split)["counts"] == NONE
