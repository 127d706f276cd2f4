"""Convolutions of 3x3 with fewer multiplications, for TensorFlow on a CPU.

Winograd's algorithm: a tile of m x m outputs takes (m + 2)^2 multiplications for each
channel and filter instead of 9 m^2, as matrix products; sums before and after make up for
it (A. Lavin and S. Gray, "Fast algorithms for convolutional neural networks", 2016).
"""

from functools import cache

import numpy as np
import tensorflow as tf

# By the side of a tile, the points at which polynomials are evaluated, beside infinity: among
# those that were tried, these lose least to rounding.
POINTS: dict[int, tuple[float, ...]] = {
    3: (0, 1, -1, 2),
    4: (0, 1, -1, 2, -1 / 2),
    5: (0, 1, -1, 2, -1 / 2, 1 / 2),
    7: (1 / 4, -1 / 4, 2 / 3, -2 / 3, 9 / 8, -9 / 8, 2, -2),
}


def convolve(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolve square images, step by step of a pixel, with zeros around them.

    Args:
        images: Float32 (n, side, side, channels); all but n are known.
        kernel: Float32 (3, 3, channels, filters).

    Returns:
        Float32 (n, side, side, filters): `tf.nn.conv2d(images, kernel, 1, "SAME")`, up to
        rounding: off by 1e-6 to 1e-5 of its standard deviation, not 2e-7. So are the
        gradients.
    """
    side, channels = images.shape[2:]
    filters = kernel.shape[-1]
    tile = least_work(side)
    tiles, window = -(-side // tile), tile + 2
    of_input, of_kernel, of_output = transformations(tile)

    windows = _windows(images, tile, tiles)
    windows = tf.matmul(of_input, tf.reshape(windows, (window**2, -1)))
    kernel = tf.matmul(of_kernel, tf.reshape(kernel, (9, -1)))
    products = tf.matmul(
        tf.reshape(windows, (window**2, -1, channels)),
        tf.reshape(kernel, (window**2, channels, filters)),
    )
    outputs = tf.matmul(of_output, tf.reshape(products, (window**2, -1)))
    outputs = tf.reshape(outputs, (tile, tile, -1, tiles, tiles, filters))
    outputs = tf.transpose(outputs, (2, 3, 0, 4, 1, 5))
    outputs = tf.reshape(outputs, (-1, tiles * tile, tiles * tile, filters))
    # Indexing would crop, too, but its gradient is slow.
    return tf.slice(outputs, (0, 0, 0, 0), (-1, side, side, -1))


def least_work(side: int) -> int:
    """Choose the tile that covers a side of so many pixels with least multiplications."""
    return min(POINTS, key=lambda tile: -(-side // tile) * (tile + 2))


@cache
def transformations(tile: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the matrices of input, kernel and output for tiles of a side.

    Returns:
        Float32 (w^2, w^2), (w^2, 9) and (tile^2, w^2), where w = tile + 2 is the side of
        the window of inputs that a tile of outputs depends on.
    """
    window = tile + 2

    def evaluation(coefficients: int) -> np.ndarray:
        finite = np.vander(POINTS[tile], coefficients, increasing=True)
        return np.vstack(
            [finite, np.eye(coefficients)[-1]]
        )  # infinity: the leading one

    of_side = np.linalg.inv(evaluation(window)).T, evaluation(3), evaluation(tile).T
    of_input, of_kernel, of_output = (np.kron(m, m).astype(np.float32) for m in of_side)
    return of_input, of_kernel, of_output


def _windows(images: tf.Tensor, tile: int, tiles: int) -> tf.Tensor:
    """Gather the window of each tile: (pixel of window, n, tile, channels), all in a row."""
    side, channels = images.shape[2:]
    padded, window = tiles * tile + 2, tile + 2
    after = padded - side - 1
    images = tf.pad(images, [[0, 0], [1, after], [1, after], [0, 0]])
    starts = tile * np.arange(tiles, dtype=np.int32)
    rows = np.arange(window, dtype=np.int32)[:, None] + starts
    pixels = rows[:, None, :, None] * padded + rows[None, :, None, :]
    images_before = padded**2 * tf.range(tf.shape(images)[0])
    pixels = pixels.reshape(window**2, 1, tiles**2) + images_before[:, None]
    # A gather takes one pass over the memory; slices and a stack of them take several.
    return tf.gather(tf.reshape(images, (-1, channels)), tf.reshape(pixels, [-1]))
