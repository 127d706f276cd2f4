"""What an experiment's augmentation makes of training images."""

import numpy as np
from matplotlib.figure import Figure

from cifar_kedro.figures.image_grid import draw_images, list_corners
from cifar_kedro.figures.style import TEXT_SIZE, new_figure

# Pixels between images; and the additional ones between originals and the rest.
_GAP = 2
_ORIGINAL_GAP = 6


def plot_augmented_images(
    originals: np.ndarray, augmented: np.ndarray, names: list[str], title: str
) -> Figure:
    """Plot images beside their augmentations, a row for each image.

    Args:
        originals: float32 (n, side, side, channels) in [0, 1].
        augmented: m augmentations of each, (n, m, side, side, channels).
        names: The class of each image.
        title: Title of the figure.

    Returns:
        A matplotlib figure of 9 inches by about one inch per image.
    """
    rows, count, height, width, _ = augmented.shape
    figure = new_figure(title, height=0.9 + 0.86 * rows)
    axes = figure.subplots()
    images = np.concatenate([originals[:, None], augmented], axis=1)
    corners = list_corners(rows * (1 + count), 1 + count, height + _GAP, width + _GAP)
    corners[corners[:, 1] > 0, 1] += _ORIGINAL_GAP
    bottom, right = corners[-1] + (height, width)
    images = images.reshape(-1, *originals.shape[1:])
    draw_images(axes, images, corners, (bottom, right))
    axes.set_yticks(corners[:: 1 + count, 0] + height / 2, names)
    axes.set_xticks(
        [width / 2, (corners[1, 1] + right) / 2],
        ["original", f"{count} augmentations of it"],
    )
    axes.tick_params(labelsize=TEXT_SIZE, length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    return figure
