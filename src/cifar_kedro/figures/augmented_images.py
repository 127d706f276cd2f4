"""What an experiment's augmentation does to training images, to be judged by eye."""

import numpy as np
from matplotlib.figure import Figure

from cifar_kedro.figures.style import TEXT_SIZE, new_figure

# White pixels between images of the sheet, and between originals and the rest.
_GAP = 2
_ORIGINAL_GAP = 6


def plot_augmented_images(
    originals: np.ndarray, augmented: np.ndarray, names: list[str], title: str
) -> Figure:
    """Plot images beside augmentations of them, a row each.

    Args:
        originals: float32 (n, side, side, channels) in [0, 1].
        augmented: m augmentations of each, (n, m, side, side, channels).
        names: The class of each image.
        title: Title of the figure.

    Returns:
        A matplotlib figure of 9 inches by about one inch per image.
    """
    figure = new_figure(title, height=0.9 + 0.86 * len(originals))
    _draw_sheet(figure, _arrange_sheet(originals, augmented), names, augmented.shape[1])
    return figure


def _arrange_sheet(originals: np.ndarray, augmented: np.ndarray) -> np.ndarray:
    """Lay images out as one picture on white: a row per class, the original first.

    One picture is drawn in a tenth of the time that ninety axes would take.
    """
    rows, height, width, channels = originals.shape
    columns = 1 + augmented.shape[1]
    sheet = np.ones(
        (
            rows * (height + _GAP) - _GAP,
            columns * (width + _GAP) - _GAP + _ORIGINAL_GAP,
            channels,
        ),
        dtype=originals.dtype,
    )
    for row in range(rows):
        top = row * (height + _GAP)
        for column, image in enumerate([originals[row], *augmented[row]]):
            left = column * (width + _GAP) + (_ORIGINAL_GAP if column else 0)
            sheet[top : top + height, left : left + width] = image
    return sheet


def _draw_sheet(
    figure: Figure, sheet: np.ndarray, names: list[str], count: int
) -> None:
    """Draw the sheet with a name beside each row and a heading above each part."""
    axes = figure.subplots()
    axes.imshow(sheet, interpolation="nearest")
    side = (sheet.shape[0] + _GAP) / len(names)
    augmented_left = side + _ORIGINAL_GAP
    axes.set_yticks(side * np.arange(len(names)) + (side - _GAP) / 2, names)
    axes.set_xticks(
        [(side - _GAP) / 2, (augmented_left + sheet.shape[1]) / 2],
        ["original", f"{count} augmentations of it"],
    )
    axes.tick_params(labelsize=TEXT_SIZE, length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
