"""What an experiment's augmentation does to training images, to be judged by eye."""

import numpy as np

from cifar_kedro.config import Augmentation, Experiment
from cifar_kedro.config.data import CLASS_NAMES
from cifar_kedro.config.keras_settings import settle_keras
from cifar_kedro.figures.style import TEXT_SIZE, Figure, new_figure

_AUGMENTATIONS = 8
# White pixels between images of the sheet, and between originals and the rest.
_GAP = 2
_ORIGINAL_GAP = 6


def plot_augmented_images(
    train: dict[str, np.ndarray], experiment: Experiment, seed: int
) -> Figure:
    """Plot one training image per class beside eight augmentations of it.

    Args:
        train: `images`, float32 of shape (n, 32, 32, 3) in [0, 1], and `labels`,
            uint8 of shape (n,), in 0-9. Each class is shown by its first image;
            a class without images has no row.
        experiment: The experiment whose augmentation is drawn from.
        seed: Seed of the augmentation, the training's own.

    Returns:
        A matplotlib figure of 9 inches by about one inch per class.

    Raises:
        ValueError: If the experiment augments nothing.
    """
    if experiment.augmentation is None:
        raise ValueError(f"{experiment.name} has no augmentation to show.")
    classes, first = np.unique(train["labels"], return_index=True)
    originals = train["images"][first]
    sheet = _arrange_sheet(
        originals, _augment(originals, experiment.augmentation, seed)
    )
    figure = new_figure(
        f"{experiment.name}: {experiment.title} (seed {seed})",
        height=0.9 + 0.86 * len(classes),
    )
    _draw_sheet(figure, sheet, [CLASS_NAMES[label] for label in classes])
    return figure


def _augment(
    originals: np.ndarray, augmentation: Augmentation, seed: int
) -> np.ndarray:
    """Draw eight augmentations of each image, shape (n, 8, 32, 32, 3), in [0, 1]."""
    settle_keras()
    from keras import ops

    from cifar_kedro.models.augmentation import AffineAugmentation

    layer = AffineAugmentation(augmentation, seed=seed)
    batch = np.repeat(originals, _AUGMENTATIONS, axis=0)
    augmented: np.ndarray = ops.convert_to_numpy(layer(batch, training=True))
    # Interpolation may leave [0, 1] by a rounding error.
    augmented = augmented.clip(0, 1)
    return augmented.reshape(-1, _AUGMENTATIONS, *originals.shape[1:])


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


def _draw_sheet(figure: Figure, sheet: np.ndarray, names: list[str]) -> None:
    """Draw the sheet with a name beside each row and a heading above each part."""
    axes = figure.subplots()
    axes.imshow(sheet, interpolation="nearest")
    side = (sheet.shape[0] + _GAP) / len(names)
    augmented_left = side + _ORIGINAL_GAP
    axes.set_yticks(side * np.arange(len(names)) + (side - _GAP) / 2, names)
    axes.set_xticks(
        [(side - _GAP) / 2, (augmented_left + sheet.shape[1]) / 2],
        ["original", f"{_AUGMENTATIONS} augmentations of it"],
    )
    axes.tick_params(labelsize=TEXT_SIZE, length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
