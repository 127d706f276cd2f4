import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cifar_kedro.datasets.images import check_images, check_raw_images, count_classes
from tests.helpers.images import make_images, make_raw

GOOD = make_images(20)


def test_accepts_images_as_the_networks_take_them():
    check_images(GOOD)


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (64, 3), (1, 1)])
def test_accepts_square_images_of_any_size_grey_or_colour(side, channels):
    check_images(GOOD | {"images": np.zeros((20, side, side, channels), np.float32)})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("images", GOOD["images"][..., :2], r"\(20, 32, 32, 2\), .* 1 or 3 channels"),
        ("images", GOOD["images"][:, :30], r"\(20, 30, 32, 3\), expected .*side, side"),
        ("images", GOOD["images"][0], r"received float32 \(32, 32, 3\)"),
        ("images", GOOD["images"].astype(np.float64), "received float64"),
        ("images", GOOD["images"] * 255, "received values from .* expected 0 to 1"),
        ("images", GOOD["images"] * np.float32("nan"), "values from nan to nan"),
        ("labels", GOOD["labels"][:-1], r"uint8 \(19,\), expected uint8 \(20,\)"),
        ("labels", GOOD["labels"].astype(int), "received int64"),
        ("labels", GOOD["labels"] % 9, "no image of 1 of 10 classes .truck"),
        ("labels", GOOD["labels"] + np.uint8(1), "labels up to 10, expected 0 to 9"),
        ("class_names", np.array(["a"]), r"received \['a'\], expected two or more"),
        ("class_names", np.array(["a"] * 10), "two or more different ones"),
    ],
)
def test_refusals_say_what_was_received_and_expected(key, value, message):
    with pytest.raises(ValueError, match=message):
        check_images(GOOD | {key: value})


def test_a_file_of_an_older_version_is_named_so():
    old = {key: GOOD[key] for key in ("images", "labels")}
    with pytest.raises(ValueError, match="no class_names, no name: an older version"):
        check_images(old)


RAW = {"images": (GOOD["images"] * 255).astype(np.uint8), "labels": GOOD["labels"]}


def test_accepts_raw_images_as_the_archive_gives_them():
    check_raw_images(make_raw(RAW, RAW))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tset": RAW}, r"received the keys .*'tset'.* expected \['class_names'"),
        ({"test": GOOD}, "test images: received float32 .* expected uint8"),
        ({"train": RAW | {"labels": RAW["labels"] % 9}}, "train labels: .*truck"),
        (
            {"train": {key: array[:19] for key, array in RAW.items()}},
            r"one image of 1 of 10 classes \(truck\), expected two or more of each: one",
        ),
        (
            {"test": RAW | {"images": RAW["images"][:, :8, :8]}},
            r"train images of \(32, 32, 3\) and test images of \(8, 8, 3\)",
        ),
    ],
)
def test_raw_refusals_name_the_part(change, message):
    with pytest.raises(ValueError, match=message):
        check_raw_images(make_raw(RAW, RAW) | change)


def test_classes_are_counted_by_name():
    labels = np.array([0, 2, 2, 4], dtype=np.uint8)
    assert count_classes(labels, ["a", "b", "c"]) == {
        "a": 1,
        "b": 0,
        "c": 2,
        3: 0,
        4: 1,
    }


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
        and images.ndim == 4
        and len(images) == len(labels)
        and images.shape[1] == images.shape[2] > 0
        and images.shape[3] in (1, 3)
        and bool(((images >= 0) & (images <= 1)).all())
        and labels.dtype == np.uint8
        and set(labels.tolist()) == set(range(10))
    )
    try:
        check_images(GOOD | {"images": images, "labels": labels})
    except ValueError as error:
        assert not good
        assert "received" in str(error) and "expected" in str(error)
    else:
        assert good
