import numpy as np
import pytest

from cifar_kedro.validation import check_images
from tests.conftest import make_images

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
        ("labels", GOOD["labels"] % 9, "9: 0} images per class, expected some of each"),
        ("labels", GOOD["labels"] + np.uint8(1), "0: 0, .*, 10: 2} images per class"),
    ],
)
def test_refusals_say_what_was_received_and_expected(key, value, message):
    with pytest.raises(ValueError, match=message):
        check_images(GOOD | {key: value})
