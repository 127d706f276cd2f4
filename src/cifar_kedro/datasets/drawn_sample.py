"""A small drawn stand-in for CIFAR-10: ten shapes, for work without the archive.

Colours, background, light and noise are drawn alike for every class, so that only the
shape tells the classes apart.

The default network of exp0 (Adam 0.001, batches of 64, 2,000 images, 500 to test on)
reaches 38-59 % after two epochs (seeds 0-4) and 84-92 % after thirty (seeds 0-1). The
nearest mean image gets 41-45 % right, the nearest mean colour histogram 9-12 %: chance.
2,500 images take 1.0 s on one core (AMD EPYC).
"""

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from kedro.io import AbstractDataset, DatasetError

from cifar_kedro.config.data import CLASS_NAMES

Split = dict[str, np.ndarray]
Number = float | np.ndarray  # one for all images, or float32 (n, 1, 1)
Part = tuple[str, Callable[..., np.ndarray], tuple[float, ...]]
Between = Callable[..., np.ndarray]

SIDE = 32  # pixels of an image


# Figures: the signed distance of each point (u, v) from the edge, negative inside.


def _ellipse(
    u: np.ndarray, v: np.ndarray, x: Number, y: Number, width: Number, height: Number
) -> np.ndarray:
    radius: np.ndarray = np.sqrt(((u - x) / width) ** 2 + ((v - y) / height) ** 2)
    return (radius - 1) * np.minimum(width, height)  # near the edge, close enough


def _line(
    u: np.ndarray, v: np.ndarray, x0: float, y0: float, x1: float, y1: float, r: float
) -> np.ndarray:
    dx, dy = x1 - x0, y1 - y0
    along = np.clip(((u - x0) * dx + (v - y0) * dy) / (dx * dx + dy * dy), 0, 1)
    return np.sqrt((u - x0 - along * dx) ** 2 + (v - y0 - along * dy) ** 2) - r


def _polygon(u: np.ndarray, v: np.ndarray, *corners: float) -> np.ndarray:
    points = list(zip(corners[0::2], corners[1::2], strict=True))
    sides = []
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
        dx, dy = x1 - x0, y1 - y0
        length = math.sqrt(dx * dx + dy * dy)
        sides.append(((u - x0) * dy - (v - y0) * dx) / length)
    distance: np.ndarray = np.maximum.reduce(sides)
    return distance


# The parts of each drawing, from back to front: a paint, a figure and its numbers, in a
# square from -1 to 1 with y downwards. An ellipse is (x, y, width, height), both from
# its middle; a line (x0, y0, x1, y1, radius); a polygon its corners (x0, y0, x1, ...),
# convex and clockwise.
DRAWINGS: dict[str, list[Part]] = {
    "airplane": [
        ("trim", _polygon, (-0.35, -0.65, -0.18, -0.65, 0.2, 0.0, -0.15, 0.0)),
        ("trim", _polygon, (-0.95, -0.5, -0.75, -0.5, -0.45, 0.0, -0.85, 0.0)),
        ("body", _line, (-0.75, 0.0, 0.75, 0.0, 0.15)),
        ("trim", _polygon, (-0.15, 0.05, 0.2, 0.05, -0.3, 0.75, -0.5, 0.75)),
        ("light", _line, (-0.45, -0.05, 0.6, -0.05, 0.04)),
    ],
    "automobile": [
        ("body", _polygon, (-0.35, -0.45, 0.2, -0.45, 0.55, 0.0, -0.6, 0.0)),
        ("light", _polygon, (-0.28, -0.36, 0.15, -0.36, 0.38, -0.05, -0.45, -0.05)),
        ("body", _line, (-0.75, 0.1, 0.75, 0.1, 0.2)),
        ("dark", _ellipse, (-0.45, 0.32, 0.22, 0.22)),
        ("dark", _ellipse, (0.45, 0.32, 0.22, 0.22)),
    ],
    "bird": [
        ("dark", _line, (0.0, 0.2, 0.05, 0.7, 0.04)),
        ("dark", _line, (0.2, 0.2, 0.25, 0.7, 0.04)),
        ("body", _polygon, (-0.95, -0.15, -0.2, -0.1, -0.1, 0.2, -0.9, 0.1)),
        ("body", _ellipse, (0.05, 0.08, 0.5, 0.28)),
        ("body", _ellipse, (0.5, -0.3, 0.23, 0.23)),
        ("trim", _polygon, (0.68, -0.4, 1.0, -0.25, 0.68, -0.18)),
        ("trim", _polygon, (-0.5, -0.75, 0.3, 0.1, -0.25, 0.1)),
        ("dark", _ellipse, (0.55, -0.34, 0.07, 0.07)),
    ],
    "cat": [
        ("body", _polygon, (-0.55, -0.85, -0.05, -0.3, -0.6, 0.1)),
        ("body", _polygon, (0.55, -0.85, 0.6, 0.1, 0.05, -0.3)),
        ("body", _ellipse, (0.0, 0.15, 0.65, 0.55)),
        ("light", _ellipse, (-0.27, 0.05, 0.16, 0.12)),
        ("light", _ellipse, (0.27, 0.05, 0.16, 0.12)),
        ("dark", _line, (-0.27, 0.0, -0.27, 0.1, 0.06)),
        ("dark", _line, (0.27, 0.0, 0.27, 0.1, 0.06)),
        ("trim", _polygon, (-0.12, 0.3, 0.12, 0.3, 0.0, 0.44)),
        ("dark", _line, (-0.3, 0.38, -0.9, 0.3, 0.02)),
        ("dark", _line, (0.3, 0.38, 0.9, 0.3, 0.02)),
    ],
    "deer": [
        ("trim", _line, (0.45, -0.45, 0.2, -0.95, 0.05)),
        ("trim", _line, (0.3, -0.7, 0.45, -0.95, 0.05)),
        ("trim", _line, (0.55, -0.45, 0.75, -0.95, 0.05)),
        ("body", _line, (-0.45, 0.1, -0.5, 0.85, 0.06)),
        ("body", _line, (-0.3, 0.1, -0.25, 0.85, 0.06)),
        ("body", _line, (0.1, 0.1, 0.1, 0.85, 0.06)),
        ("body", _line, (0.25, 0.1, 0.3, 0.85, 0.06)),
        ("body", _ellipse, (-0.1, 0.15, 0.48, 0.22)),
        ("body", _line, (0.25, 0.05, 0.5, -0.35, 0.1)),
        ("body", _line, (0.5, -0.4, 0.75, -0.32, 0.1)),
        ("light", _ellipse, (-0.58, 0.05, 0.1, 0.1)),
    ],
    "dog": [
        ("body", _ellipse, (0.0, 0.0, 0.52, 0.6)),
        ("trim", _ellipse, (-0.55, 0.0, 0.2, 0.55)),
        ("trim", _ellipse, (0.55, 0.0, 0.2, 0.55)),
        ("light", _ellipse, (0.0, 0.35, 0.3, 0.3)),
        ("dark", _ellipse, (0.0, 0.2, 0.16, 0.11)),
        ("dark", _ellipse, (-0.2, -0.15, 0.09, 0.09)),
        ("dark", _ellipse, (0.2, -0.15, 0.09, 0.09)),
        ("dark", _line, (-0.12, 0.48, 0.12, 0.48, 0.03)),
    ],
    "frog": [
        ("body", _ellipse, (-0.35, -0.3, 0.25, 0.25)),
        ("body", _ellipse, (0.35, -0.3, 0.25, 0.25)),
        ("trim", _line, (-0.75, 0.6, -0.5, 0.3, 0.17)),
        ("trim", _line, (0.75, 0.6, 0.5, 0.3, 0.17)),
        ("body", _ellipse, (0.0, 0.2, 0.7, 0.45)),
        ("light", _ellipse, (-0.35, -0.32, 0.15, 0.15)),
        ("light", _ellipse, (0.35, -0.32, 0.15, 0.15)),
        ("dark", _ellipse, (-0.35, -0.32, 0.07, 0.07)),
        ("dark", _ellipse, (0.35, -0.32, 0.07, 0.07)),
        ("dark", _line, (-0.45, 0.2, 0.45, 0.2, 0.04)),
    ],
    "horse": [
        ("dark", _line, (-0.55, 0.0, -0.85, 0.5, 0.09)),
        ("body", _line, (-0.45, 0.1, -0.5, 0.85, 0.08)),
        ("body", _line, (-0.25, 0.1, -0.22, 0.85, 0.08)),
        ("body", _line, (0.15, 0.1, 0.12, 0.85, 0.08)),
        ("body", _line, (0.32, 0.1, 0.38, 0.85, 0.08)),
        ("body", _ellipse, (-0.1, 0.1, 0.52, 0.26)),
        ("body", _line, (0.3, 0.0, 0.5, -0.5, 0.16)),
        ("body", _line, (0.5, -0.55, 0.85, -0.25, 0.12)),
        ("dark", _line, (0.12, -0.15, 0.38, -0.75, 0.08)),
    ],
    "ship": [
        ("trim", _polygon, (-0.2, -0.7, 0.1, -0.7, 0.1, 0.0, -0.2, 0.0)),
        ("light", _polygon, (-0.5, -0.2, 0.4, -0.2, 0.5, 0.15, -0.5, 0.15)),
        ("dark", _line, (-0.35, 0.0, 0.3, 0.0, 0.05)),
        ("body", _polygon, (-0.95, 0.1, 0.95, 0.1, 0.6, 0.6, -0.65, 0.6)),
        ("trim", _line, (-0.9, 0.65, 0.9, 0.65, 0.06)),
    ],
    "truck": [
        ("trim", _polygon, (-0.9, -0.6, 0.25, -0.6, 0.25, 0.25, -0.9, 0.25)),
        ("body", _polygon, (0.32, -0.3, 0.65, -0.3, 0.9, 0.0, 0.9, 0.3, 0.32, 0.3)),
        ("light", _polygon, (0.45, -0.2, 0.62, -0.2, 0.76, 0.0, 0.45, 0.0)),
        ("dark", _line, (-0.85, 0.3, 0.85, 0.3, 0.06)),
        ("dark", _ellipse, (-0.6, 0.42, 0.19, 0.19)),
        ("dark", _ellipse, (-0.15, 0.42, 0.19, 0.19)),
        ("dark", _ellipse, (0.6, 0.42, 0.19, 0.19)),
    ],
}


class DrawnSampleDataset(AbstractDataset[NoReturn, dict[str, Split]]):
    """Draws a sample in the structure of the CIFAR-10 archive.

    The same numbers give the same images on any machine: only sums, products,
    quotients and square roots are taken, which IEEE 754 rounds alike everywhere.

    Examples:
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


def _draw_class(parts: list[Part], size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one class: uint8 (size, 32, 32, 3).

    The ranges set how hard the sample is: see the figures at the head of this file.
    """

    def between(low: float, high: float, *shape: int) -> np.ndarray:
        numbers = rng.random((size, *(shape or (1, 1))), dtype=np.float32)
        return numbers * np.float32(high - low) + np.float32(low)

    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j].astype(np.float32)
    scale = between(0.65, 1)
    u, v = _place(x, y, scale, between)
    # mostly light on a darker background, at times the other way round
    contrast = np.where(between(0, 1, 1, 1, 1) < 0.2, -0.3, 0.3).astype(np.float32)
    paints = {
        "body": 0.5 + contrast + between(-0.2, 0.2, 1, 1, 3),
        "trim": 0.5 + contrast + between(-0.2, 0.2, 1, 1, 3),
        "light": between(0.7, 1, 1, 1, 3),
        "dark": between(0, 0.25, 1, 1, 3),
    }
    canvas = _background(x, y, 0.5 - contrast, between)
    for paint, figure, numbers in parts:
        _fill(canvas, figure(u, v, *numbers) * scale, paints[paint])
    light = 1 + between(-0.4, 0.4) * x + between(-0.4, 0.4) * y
    noise = between(-1, 1, SIDE, SIDE, 3) * between(0, 0.15, 1, 1, 1)
    pixels: np.ndarray = np.clip(canvas * light[..., None] + noise, 0, 1) * 255
    return pixels.astype(np.uint8)


def _place(
    x: np.ndarray, y: np.ndarray, scale: np.ndarray, between: Between
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels as the drawings see them: moved, scaled, turned, stretched, mirrored."""
    dx = (x - between(-0.15, 0.15)) / scale
    dy = (y - between(-0.15, 0.15)) / scale
    half = between(-0.15, 0.15)  # the tangent of half the angle, up to 17 degrees
    cosine, sine = (1 - half**2) / (1 + half**2), 2 * half / (1 + half**2)
    mirror = np.where(between(-1, 1) < 0, -1, 1).astype(np.float32)
    u = (cosine * dx + sine * dy) * between(0.8, 1.25) * mirror
    return u, cosine * dy - sine * dx


def _background(
    x: np.ndarray, y: np.ndarray, tone: np.ndarray, between: Between
) -> np.ndarray:
    """One colour passing into another, and a spot that means nothing."""
    start, end = (tone + between(-0.2, 0.2, 1, 1, 3) for _ in range(2))
    share = 0.5 + between(-0.5, 0.5) * x + between(-0.5, 0.5) * y
    canvas: np.ndarray = start + share[..., None] * (end - start)
    middle = between(-1, 1), between(-1, 1)
    spot = _ellipse(x, y, *middle, between(0.1, 0.5), between(0.1, 0.5))
    _fill(canvas, spot, between(0, 1, 1, 1, 3))
    return canvas


def _fill(canvas: np.ndarray, distance: np.ndarray, colour: np.ndarray) -> None:
    # the edge fades over one pixel
    cover = np.clip(0.5 - distance * (SIDE / 2), 0, 1)
    canvas += cover[..., None] * (colour - canvas)
