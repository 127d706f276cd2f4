"""A small drawn stand-in for CIFAR-10: ten shapes, for work without the archive.

Colour, background and light are drawn alike for every class, so only the shape tells
the classes apart. Measured, with seed 0, 2,000 and 500 images, exp0's network and
batches of 64: CALIBRATION.
"""

from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np
from kedro.io import AbstractDataset, DatasetError

from cifar_kedro.classes import CLASS_NAMES

Split = dict[str, np.ndarray]

# What each class is painted with, from back to front: a paint, a figure and its numbers
# in a square from -1 to 1, y downwards. An ellipse is (x, y, radius_x, radius_y), a line
# (x0, y0, x1, y1, radius), a polygon its corners, convex and clockwise on the screen.
Part = tuple[str, str, tuple[float, ...]]
DRAWINGS: dict[str, list[Part]] = {
    "airplane": [
        ("trim", "polygon", (-0.35, -0.65, -0.18, -0.65, 0.2, 0.0, -0.15, 0.0)),
        ("trim", "polygon", (-0.95, -0.5, -0.75, -0.5, -0.45, 0.0, -0.85, 0.0)),
        ("body", "line", (-0.75, 0.0, 0.75, 0.0, 0.15)),
        ("trim", "polygon", (-0.15, 0.05, 0.2, 0.05, -0.3, 0.75, -0.5, 0.75)),
        ("light", "line", (-0.45, -0.05, 0.6, -0.05, 0.04)),
    ],
    "automobile": [
        ("body", "polygon", (-0.35, -0.45, 0.2, -0.45, 0.55, 0.0, -0.6, 0.0)),
        ("light", "polygon", (-0.28, -0.36, 0.15, -0.36, 0.38, -0.05, -0.45, -0.05)),
        ("body", "line", (-0.75, 0.1, 0.75, 0.1, 0.2)),
        ("dark", "ellipse", (-0.45, 0.32, 0.22, 0.22)),
        ("dark", "ellipse", (0.45, 0.32, 0.22, 0.22)),
    ],
    "bird": [
        ("dark", "line", (0.0, 0.2, 0.05, 0.7, 0.04)),
        ("dark", "line", (0.2, 0.2, 0.25, 0.7, 0.04)),
        ("body", "polygon", (-0.95, -0.15, -0.2, -0.1, -0.1, 0.2, -0.9, 0.1)),
        ("body", "ellipse", (0.05, 0.08, 0.5, 0.28)),
        ("body", "ellipse", (0.5, -0.3, 0.23, 0.23)),
        ("trim", "polygon", (0.68, -0.4, 1.0, -0.25, 0.68, -0.18)),
        ("trim", "polygon", (-0.5, -0.75, 0.3, 0.1, -0.25, 0.1)),
        ("dark", "ellipse", (0.55, -0.34, 0.07, 0.07)),
    ],
    "cat": [
        ("body", "polygon", (-0.55, -0.85, -0.05, -0.3, -0.6, 0.1)),
        ("body", "polygon", (0.55, -0.85, 0.6, 0.1, 0.05, -0.3)),
        ("body", "ellipse", (0.0, 0.15, 0.65, 0.55)),
        ("light", "ellipse", (-0.27, 0.05, 0.16, 0.12)),
        ("light", "ellipse", (0.27, 0.05, 0.16, 0.12)),
        ("dark", "line", (-0.27, 0.0, -0.27, 0.1, 0.06)),
        ("dark", "line", (0.27, 0.0, 0.27, 0.1, 0.06)),
        ("trim", "polygon", (-0.12, 0.3, 0.12, 0.3, 0.0, 0.44)),
        ("dark", "line", (-0.3, 0.38, -0.9, 0.3, 0.02)),
        ("dark", "line", (0.3, 0.38, 0.9, 0.3, 0.02)),
    ],
    "deer": [
        ("trim", "line", (0.45, -0.45, 0.2, -0.95, 0.05)),
        ("trim", "line", (0.3, -0.7, 0.45, -0.95, 0.05)),
        ("trim", "line", (0.55, -0.45, 0.75, -0.95, 0.05)),
        ("body", "line", (-0.45, 0.1, -0.5, 0.85, 0.06)),
        ("body", "line", (-0.3, 0.1, -0.25, 0.85, 0.06)),
        ("body", "line", (0.1, 0.1, 0.1, 0.85, 0.06)),
        ("body", "line", (0.25, 0.1, 0.3, 0.85, 0.06)),
        ("body", "ellipse", (-0.1, 0.15, 0.48, 0.22)),
        ("body", "line", (0.25, 0.05, 0.5, -0.35, 0.1)),
        ("body", "line", (0.5, -0.4, 0.75, -0.32, 0.1)),
        ("light", "ellipse", (-0.58, 0.05, 0.1, 0.1)),
    ],
    "dog": [
        ("body", "ellipse", (0.0, 0.0, 0.52, 0.6)),
        ("trim", "ellipse", (-0.55, 0.0, 0.2, 0.55)),
        ("trim", "ellipse", (0.55, 0.0, 0.2, 0.55)),
        ("light", "ellipse", (0.0, 0.35, 0.3, 0.3)),
        ("dark", "ellipse", (0.0, 0.2, 0.16, 0.11)),
        ("dark", "ellipse", (-0.2, -0.15, 0.09, 0.09)),
        ("dark", "ellipse", (0.2, -0.15, 0.09, 0.09)),
        ("dark", "line", (-0.12, 0.48, 0.12, 0.48, 0.03)),
    ],
    "frog": [
        ("body", "ellipse", (-0.35, -0.3, 0.25, 0.25)),
        ("body", "ellipse", (0.35, -0.3, 0.25, 0.25)),
        ("trim", "line", (-0.75, 0.6, -0.5, 0.3, 0.17)),
        ("trim", "line", (0.75, 0.6, 0.5, 0.3, 0.17)),
        ("body", "ellipse", (0.0, 0.2, 0.7, 0.45)),
        ("light", "ellipse", (-0.35, -0.32, 0.15, 0.15)),
        ("light", "ellipse", (0.35, -0.32, 0.15, 0.15)),
        ("dark", "ellipse", (-0.35, -0.32, 0.07, 0.07)),
        ("dark", "ellipse", (0.35, -0.32, 0.07, 0.07)),
        ("dark", "line", (-0.45, 0.2, 0.45, 0.2, 0.04)),
    ],
    "horse": [
        ("dark", "line", (-0.55, 0.0, -0.85, 0.5, 0.09)),
        ("body", "line", (-0.45, 0.1, -0.5, 0.85, 0.08)),
        ("body", "line", (-0.25, 0.1, -0.22, 0.85, 0.08)),
        ("body", "line", (0.15, 0.1, 0.12, 0.85, 0.08)),
        ("body", "line", (0.32, 0.1, 0.38, 0.85, 0.08)),
        ("body", "ellipse", (-0.1, 0.1, 0.52, 0.26)),
        ("body", "line", (0.3, 0.0, 0.5, -0.5, 0.16)),
        ("body", "line", (0.5, -0.55, 0.85, -0.25, 0.12)),
        ("dark", "line", (0.12, -0.15, 0.38, -0.75, 0.08)),
    ],
    "ship": [
        ("trim", "polygon", (-0.2, -0.7, 0.1, -0.7, 0.1, 0.0, -0.2, 0.0)),
        ("light", "polygon", (-0.5, -0.2, 0.4, -0.2, 0.5, 0.15, -0.5, 0.15)),
        ("dark", "line", (-0.35, 0.0, 0.3, 0.0, 0.05)),
        ("body", "polygon", (-0.95, 0.1, 0.95, 0.1, 0.6, 0.6, -0.65, 0.6)),
        ("trim", "line", (-0.9, 0.65, 0.9, 0.65, 0.06)),
    ],
    "truck": [
        ("trim", "polygon", (-0.9, -0.6, 0.25, -0.6, 0.25, 0.25, -0.9, 0.25)),
        ("body", "polygon", (0.32, -0.3, 0.65, -0.3, 0.9, 0.0, 0.9, 0.3, 0.32, 0.3)),
        ("light", "polygon", (0.45, -0.2, 0.62, -0.2, 0.76, 0.0, 0.45, 0.0)),
        ("dark", "line", (-0.85, 0.3, 0.85, 0.3, 0.06)),
        ("dark", "ellipse", (-0.6, 0.42, 0.19, 0.19)),
        ("dark", "ellipse", (-0.15, 0.42, 0.19, 0.19)),
        ("dark", "ellipse", (0.6, 0.42, 0.19, 0.19)),
    ],
}


class DrawnSampleDataset(AbstractDataset[NoReturn, dict[str, Split]]):
    """Draws a sample in the structure of the CIFAR-10 archive.

    The same numbers give the same images on any machine: only sums, products,
    quotients and square roots are taken, which IEEE 754 rounds alike everywhere.

    Example:
        >>> dataset = DrawnSampleDataset(seed=0, train_images=20, test_images=10)
        >>> dataset.load()["train"]["images"].shape
        (20, 32, 32, 3)
    """

    def __init__(
        self,
        *,
        seed: int,
        train_images: int,
        test_images: int,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Say how much to draw; nothing is drawn yet.

        Args:
            seed: Of the random numbers, from 0.
            train_images: How many to train on, at least one of each class.
            test_images: How many to test on, at least one of each class.
            metadata: Ignored here; for people and plugins.

        Raises:
            ValueError: A number is too small, or not whole.
        """
        _check_whole("seed", seed, least=0)
        _check_whole("train_images", train_images, least=len(CLASS_NAMES))
        _check_whole("test_images", test_images, least=len(CLASS_NAMES))
        self._seed = seed
        self._sizes = {"train": train_images, "test": test_images}
        self.metadata = metadata

    def load(self) -> dict[str, Split]:
        """Draw the sample.

        Returns:
            ``{"train": split, "test": split}``, each split being ``{"images":
            uint8 (n, 32, 32, 3), RGB 0-255, "labels": uint8 (n,), 0-9}``, the
            classes balanced to within one image and in random order.
        """
        generators = np.random.default_rng(self._seed).spawn(len(self._sizes))
        return {
            split: _draw_split(size, rng)
            for (split, size), rng in zip(self._sizes.items(), generators, strict=True)
        }

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: the sample is an input.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{type(self).__name__} is read-only.")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"seed": self._seed, **self._sizes}


def _check_whole(name: str, value: int, least: int) -> None:
    if not isinstance(value, int) or value < least:
        raise ValueError(
            f"`{name}` must be a whole number from {least}, received {value!r}."
        )


def _draw_split(size: int, rng: np.random.Generator) -> Split:
    labels = rng.permutation(np.arange(size, dtype=np.uint8) % len(CLASS_NAMES))
    images = np.empty((size, 32, 32, 3), np.uint8)
    for label, name in enumerate(CLASS_NAMES):
        chosen = np.flatnonzero(labels == label)
        images[chosen] = _draw_class(DRAWINGS[name], len(chosen), rng)
    return {"images": images, "labels": labels}


def _draw_class(parts: Iterable[Part], size: int, rng: np.random.Generator) -> Any:
    """Draw one class: uint8 (size, 32, 32, 3)."""

    def between(low: float, high: float, *shape: int) -> np.ndarray:
        drawn = rng.random((size, *(shape or (1, 1))), dtype=np.float32)
        return drawn * np.float32(high - low) + np.float32(low)

    # The pixels as the drawing sees them: moved, turned, stretched, perhaps mirrored.
    y, x = np.mgrid[-1:1:32j, -1:1:32j].astype(np.float32)
    scale = between(*SCALE)
    half = between(-TURN, TURN)  # tan of half the angle: no sine, see the class
    cosine, sine = (1 - half**2) / (1 + half**2), 2 * half / (1 + half**2)
    dx, dy = (x - between(-MOVE, MOVE)) / scale, (y - between(-MOVE, MOVE)) / scale
    u = (cosine * dx + sine * dy) * between(*STRETCH)
    v = cosine * dy - sine * dx
    u *= np.where(between(-1, 1) < 0, -1, 1).astype(np.float32)

    # Light on dark or dark on light, in any hue.
    side = np.where(between(0, 1, 1, 1, 1) < FLIP, -1, 1).astype(np.float32) * CONTRAST
    hue = (1, 1, 3)
    paints = {
        "body": 0.5 + side + between(-HUE, HUE, *hue),
        "trim": 0.5 + side + between(-HUE, HUE, *hue),
        "light": between(0.7, 1, *hue),
        "dark": between(0, 0.25, *hue),
    }
    slope = between(-0.5, 0.5) * x + between(-0.5, 0.5) * y + 0.5
    corners = [0.5 - side + between(-HUE, HUE, *hue) for _ in range(2)]
    canvas = corners[0] + slope[..., None] * (corners[1] - corners[0])
    for _ in range(CLUTTER):
        numbers = [between(-1, 1), between(-1, 1), between(0.1, 0.5), between(0.1, 0.5)]
        blob = between(0, 1, *hue)
        distance = _ellipse(x, y, *numbers)
        canvas += _cover(distance, 1)[..., None] * (blob - canvas) * 0.7
    for paint, figure, numbers_ in parts:
        distance = FIGURES[figure](u, v, *numbers_)
        canvas += _cover(distance, scale)[..., None] * (paints[paint] - canvas)

    light = 1 + between(-0.4, 0.4) * x + between(-0.4, 0.4) * y
    canvas *= light[..., None]
    canvas += between(-1, 1, 32, 32, 3) * between(0, NOISE, 1, 1, 1)
    return (np.clip(canvas, 0, 1) * 255).astype(np.uint8)


FLIP, SCALE, TURN, MOVE, STRETCH, CONTRAST, HUE, CLUTTER, NOISE = (
    0.2,
    (0.55, 0.95),
    0.2,
    0.25,
    (0.8, 1.25),
    0.2,
    0.3,
    2,
    0.25,
)


def _cover(distance, scale):
    return np.clip(0.5 - distance * scale * 16, 0, 1)


def _ellipse(u, v, x, y, radius_x, radius_y):
    radius = np.sqrt(((u - x) / radius_x) ** 2 + ((v - y) / radius_y) ** 2)
    return (radius - 1) * np.minimum(radius_x, radius_y)


def _line(u, v, x0, y0, x1, y1, radius):
    dx, dy = x1 - x0, y1 - y0
    along = np.clip(((u - x0) * dx + (v - y0) * dy) / (dx * dx + dy * dy), 0, 1)
    return np.sqrt((u - x0 - along * dx) ** 2 + (v - y0 - along * dy) ** 2) - radius


def _polygon(u, v, *corners):
    xs, ys = corners[0::2], corners[1::2]
    sides = []
    for x0, y0, x1, y1 in zip(xs, ys, xs[1:] + xs[:1], ys[1:] + ys[:1]):
        dx, dy = x1 - x0, y1 - y0
        length = (dx * dx + dy * dy) ** 0.5
        sides.append(((u - x0) * dy - (v - y0) * dx) / length)
    return np.maximum.reduce(sides)


FIGURES = {"ellipse": _ellipse, "line": _line, "polygon": _polygon}
