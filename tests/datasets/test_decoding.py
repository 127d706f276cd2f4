"""Many images at once."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from cifar_kedro.datasets import decoding
from cifar_kedro.datasets.decoding import decode_images
from cifar_kedro.datasets.image_file import read_image
from cifar_kedro.datasets.prepared_image import prepare_image


def make_loads(count):
    files = []
    for number in range(count):
        file = io.BytesIO()
        pixels = np.random.default_rng(number).integers(0, 256, (40, 30, 3), np.uint8)
        Image.fromarray(pixels).save(file, "PNG")
        files.append(file.getvalue())
    return [lambda f=file: read_image(io.BytesIO(f)) for file in files]


@pytest.mark.parametrize("threads", [1, 4])
def test_images_come_in_their_order_as_one_thread_makes_them(monkeypatch, threads):
    monkeypatch.setattr(decoding, "count_threads", lambda: threads)
    loads = make_loads(200)
    images, problems = decode_images(loads, (16, 16, 1), "images")
    expected = [prepare_image(load(), (16, 16, 1)) for load in loads]
    np.testing.assert_array_equal(images, expected)
    assert problems == {}


def test_what_can_not_be_used_is_listed_in_order(monkeypatch):
    monkeypatch.setattr(decoding, "count_threads", lambda: 4)
    loads = make_loads(20)
    loads[13] = loads[4] = lambda: read_image(io.BytesIO(b"hello"))
    images, problems = decode_images(loads, (16, 16, 3), "images")
    assert images.shape == (20, 16, 16, 3)
    reason = "not an image in a format that Pillow reads"
    assert list(problems.items()) == [(4, reason), (13, reason)]


def test_what_is_pillows_for_the_process_is_as_before(monkeypatch):
    monkeypatch.setattr(decoding, "count_threads", lambda: 4)
    bound, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    decode_images(make_loads(200), (16, 16, 3), "images")
    assert bound == Image.MAX_IMAGE_PIXELS
    assert warnings.filters == filters


def test_no_image_is_no_mistake():
    images, problems = decode_images([], (16, 16, 3), "images")
    assert images.shape == (0, 16, 16, 3) and problems == {}
