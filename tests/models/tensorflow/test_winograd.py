import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from cifar_kedro.models.tensorflow.winograd import (
    POINTS,
    choose_tile,
    convolve,
    transformations,
)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def direct(images, kernel):
    """Convolve by the definition, in float64."""
    side = images.shape[1]
    padded = np.pad(images.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    places = [(y, x) for y in range(3) for x in range(3)]
    return sum(padded[:, y : y + side, x : x + side] @ kernel[y, x] for y, x in places)


def direct_gradient_of_kernel(images, gradient):
    side = images.shape[1]
    padded = np.pad(images.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    products = [
        np.tensordot(padded[:, y : y + side, x : x + side], gradient, ([0, 1, 2],) * 2)
        for y in range(3)
        for x in range(3)
    ]
    return np.reshape(products, (3, 3, images.shape[-1], gradient.shape[-1]))


@settings(deadline=None)
@given(side=st.integers(1, 24), seed=st.integers(0, 9))
def test_images_of_any_side_are_convolved(side, seed):
    images, kernel = draw(2, side, side, 3, seed=seed), draw(3, 3, 3, 4, seed=seed)
    wanted = direct(images, kernel)
    np.testing.assert_allclose(convolve(images, kernel), wanted, atol=1e-3)


# Of which the root mean square is in the documentation of convolve.
@pytest.mark.parametrize(
    ("side", "rounding"), [(3, 3e-6), (4, 3e-6), (15, 6e-6), (7, 2e-5)]
)
def test_little_is_lost_to_rounding(side, rounding):
    images, kernel = np.abs(draw(4, side, side, 256)), draw(3, 3, 256, 64)
    gradient = draw(4, side, side, 64)
    with tf.GradientTape() as tape:
        variables = tf.constant(images), tf.constant(kernel)
        tape.watch(variables)
        outputs = convolve(*variables)
    found = [outputs, *tape.gradient(outputs, variables, gradient)]
    turned = np.swapaxes(kernel[::-1, ::-1], 2, 3)
    wanted = [
        direct(images, kernel),
        direct(gradient, turned),
        direct_gradient_of_kernel(images, gradient),
    ]
    for value, true in zip(found, wanted, strict=True):
        errors = np.asarray(value) - true
        assert np.sqrt(np.mean(errors**2)) < rounding * true.std()


def test_the_same_convolution_gives_the_same_bits():
    images, kernel = (
        tf.constant(draw(64, 15, 15, 128)),
        tf.constant(draw(3, 3, 128, 128)),
    )
    found = []
    for _ in range(3):
        with tf.GradientTape() as tape:
            tape.watch([images, kernel])
            outputs = convolve(images, kernel)
        found.append([outputs, *tape.gradient(outputs, [images, kernel])])
    for first, *others in zip(*found, strict=True):
        for other in others:
            np.testing.assert_array_equal(other, first)


def test_the_number_of_images_may_be_unknown():
    @tf.function(input_signature=[tf.TensorSpec((None, 5, 5, 2))])
    def unknown(images):
        return convolve(images, draw(3, 3, 2, 4))

    images = draw(6, 5, 5, 2)
    for count in (6, 1):
        wanted = direct(images[:count], draw(3, 3, 2, 4))
        np.testing.assert_allclose(unknown(images[:count]), wanted, atol=1e-3)


@pytest.mark.parametrize(
    ("side", "tile"),
    [(1, 3), (3, 3), (4, 4), (6, 3), (7, 7), (8, 4), (15, 5), (16, 4), (32, 4)],
)
def test_the_tile_takes_the_fewest_macs(side, tile):
    assert choose_tile(side, 128, 128) == tile


@pytest.mark.parametrize("tile", POINTS)
def test_the_transformations_have_a_row_for_each_pixel_of_a_window(tile):
    pixels = (tile + 2) ** 2
    of_input, of_kernel, of_output = transformations(tile)
    assert of_input.shape == (pixels, pixels)
    assert of_kernel.shape == (pixels, 9)
    assert of_output.shape == (tile**2, pixels)
