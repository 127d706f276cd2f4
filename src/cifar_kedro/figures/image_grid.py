"""Many images in rows and columns, drawn as one picture.

Axes for each image would take ten times as long.
"""

import numpy as np
from matplotlib.axes import Axes


def list_corners(count: int, columns: int, height: int, width: int) -> np.ndarray:
    """List where images stand, row by row.

    Args:
        count: Number of images.
        columns: Number of images in a row.
        height: Pixels from one image to the one below.
        width: Pixels from one image to the next.

    Returns:
        The upper left corner of each image: top and left in pixels, (count, 2).
    """
    rows, columns_of = np.divmod(np.arange(count), columns)
    return np.stack([rows * height, columns_of * width], axis=1)


def draw_images(
    axes: Axes, images: np.ndarray, corners: np.ndarray, size: tuple[int, int]
) -> None:
    """Draw images as one picture, transparent between them.

    Args:
        axes: What to draw on.
        images: Fractions, (n, height, width, channels): colours, or grey.
        corners: Top and left of each, (n, 2).
        size: Height and width of the picture, pixels.
    """
    picture = np.zeros((*size, 4), dtype=np.uint8)
    height, width = images.shape[1:3]
    for (top, left), image in zip(corners, images, strict=True):
        part = picture[top : top + height, left : left + width]
        part[..., :3] = (255 * image).round()
        part[..., 3] = 255
    axes.imshow(picture, interpolation="none")
