import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cifar_kedro.datasets.images import check_images, check_raw_images, count_classes
from tests.helpers.images import make_images

GOOD = make_images(20)


def test_accepts_images_as_the_networks_take_them():
    check_images(GOOD)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "images",
            GOOD["images"][..., :1],
            r"received float32 \(20, 32, 32, 1\), expected",
        ),
        ("images", GOOD["images"][0], r"received float32 \(32, 32, 3\)"),
        ("images", GOOD["images"].astype(np.float64), "received float64"),
        ("images", GOOD["images"] * 255, "received values from .* expected 0 to 1"),
        (
            "images",
            GOOD["images"] * np.float32("nan"),
            "received values from nan to nan",
        ),
        (
            "labels",
            GOOD["labels"][:-1],
            r"received uint8 \(19,\), expected uint8 \(20,\)",
        ),
        ("labels", GOOD["labels"].astype(int), "received int64"),
        ("labels", GOOD["labels"] % 9, "'truck': 0}, expected images of each of these"),
        (
            "labels",
            GOOD["labels"] + np.uint8(1),
            "'airplane': 0, .*, 10: 2}, expected images of",
        ),
    ],
)
def test_refusals_say_what_was_received_and_expected(key, value, message):
    with pytest.raises(ValueError, match=message):
        check_images(GOOD | {key: value})


RAW = {"images": (GOOD["images"] * 255).astype(np.uint8), "labels": GOOD["labels"]}


def test_accepts_raw_images_as_the_archive_gives_them():
    check_raw_images({"train": RAW, "test": RAW})


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"train": RAW}, r"received the parts \['train'\], expected train and test"),
        (
            {"train": RAW, "test": GOOD},
            "test images: received float32 .* expected uint8",
        ),
        (
            {"train": RAW | {"labels": RAW["labels"] % 9}, "test": RAW},
            "train labels: received .*'truck': 0}, expected images of each",
        ),
    ],
)
def test_raw_refusals_name_the_part(raw, message):
    with pytest.raises(ValueError, match=message):
        check_raw_images(raw)


def test_classes_are_counted_by_name():
    counts = count_classes(np.array([0, 9, 9, 11], dtype=np.uint8))
    assert counts == dict.fromkeys(counts, 0) | {"airplane": 1, "truck": 2, 11: 1}


SHAPES = st.one_of(
    st.tuples(st.integers(0, 12), *map(st.just, (32, 32, 3))),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
)


@given(
    images=hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.uint8]),
        SHAPES,
        elements=st.sampled_from([0, 1]),
        fill=st.just(0),
    ),
    wrong=st.sampled_from([None, -0.1, 1.1, np.nan, np.inf]),
    labels=st.permutations(range(12)).flatmap(
        lambda order: st.integers(0, 12).map(lambda count: np.array(order[:count]))
    ),
    dtype=st.sampled_from([np.uint8, np.int64]),
)
@example(GOOD["images"][:10].round(), None, np.arange(10), np.uint8)
@settings(deadline=None)
def test_whatever_is_not_as_promised_is_refused_with_a_message(
    images, wrong, labels, dtype
):
    labels = labels.astype(dtype)
    if wrong is not None and images.size and images.dtype.kind == "f":
        images.flat[0] = wrong
    good = (
        images.dtype == np.float32
        and images.shape == (len(labels), 32, 32, 3)
        and bool(((images >= 0) & (images <= 1)).all())
        and labels.dtype == np.uint8
        and set(labels.tolist()) == set(range(10))
    )
    try:
        check_images({"images": images, "labels": labels})
    except ValueError as error:
        assert not good
        assert "received" in str(error) and "expected" in str(error)
    else:
        assert good
