"""Augmentation: one affine resample per image, and a cut, as a Keras layer."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from cifar_kedro.config import Augmentation


class AffineAugmentation(keras.layers.Layer):
    """Transforms each image of a batch at random, and only in training.

    Means what Keras' legacy ``ImageDataGenerator`` means by the same settings: rotation,
    shift and shear make one matrix about the image's centre, the image is resampled once,
    bilinearly, its edge pixels repeated outside, and mirrored last. Mirroring maps pixels
    on pixels, so it is part of the same matrix here. A stack of Keras' preprocessing
    layers would resample, and blur, at each step. Afterwards a square is cut out, if
    `cutout` says so: the generator has no such thing.

    Input and output: float images of shape (n, height, width, channels).

    Args:
        settings: Ranges of the random transformation.
        seed: Seed of its draws, at least 0.
    """

    def __init__(self, settings: Augmentation, seed: int, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**kwargs)
        self.settings = settings
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, mirrored: Any = None, training: bool = False) -> Any:
        """Transform `images` if `training`, else return them as they are.

        Args:
            images: The images.
            mirrored: Which of them to mirror, bool (n,), if that is not to be drawn.
            training: Whether this is a training step.
        """
        if not training:
            return images
        count, height, width, _ = ops.shape(images)
        matrices = self._draw_matrices(count, height, width, mirrored)
        images = ops.image.affine_transform(
            images, matrices, interpolation="bilinear", fill_mode="nearest"
        )
        return self._cut_out(images) if self.settings.cutout else images

    def _draw_matrices(self, count: int, height: int, width: int, mirrored: Any) -> Any:
        """Draw a transformation per image: shape (count, 8)."""
        settings = self.settings
        drawn = self._uniform(count, 1.0) > 0
        flip = ops.cast(drawn if mirrored is None else mirrored, "float32")
        return affine_matrices(
            rotation=self._uniform(count, math.radians(settings.rotation_range)),
            shift_x=self._shift(count, settings.width_shift_range * width),
            shift_y=self._shift(count, settings.height_shift_range * height),
            shear=self._uniform(count, math.radians(settings.shear_range)),
            flip=flip if settings.horizontal_flip else ops.zeros_like(flip),
            height=height,
            width=width,
        )

    def _cut_out(self, images: Any) -> Any:
        """Paint a square of each image, wholly inside it, in the image's mean colour."""
        count, height, width, _ = ops.shape(images)
        inside_y = self._draw_interval(count, height)[:, :, None, None]
        inside_x = self._draw_interval(count, width)[:, None, :, None]
        mean = ops.mean(images, axis=(1, 2), keepdims=True)
        return ops.where(ops.logical_and(inside_y, inside_x), mean, images)

    def _draw_interval(self, count: int, length: int) -> Any:
        """Draw which `cutout` adjacent pixels of `length` are inside: bool (count, length)."""
        side = self.settings.cutout
        bound = length - side + 1
        first = ops.floor(
            keras.random.uniform((count, 1), 0, bound, seed=self.seed_generator)
        )
        pixel = ops.arange(length, dtype="float32")
        return ops.logical_and(pixel >= first, pixel < first + side)

    def _shift(self, count: int, bound: float) -> Any:
        if not self.settings.whole_pixels:
            return self._uniform(count, bound)
        # Half a pixel more, so that the outermost shifts are as frequent as the others.
        return ops.round(self._uniform(count, math.floor(bound) + 0.5))

    def _uniform(self, count: int, bound: float) -> Any:
        return keras.random.uniform((count,), -bound, bound, seed=self.seed_generator)


def affine_matrices(
    rotation: Any,
    shift_x: Any,
    shift_y: Any,
    shear: Any,
    flip: Any,
    height: int,
    width: int,
) -> Any:
    """Compose flip, centre, rotation, shift and shear into one matrix per image.

    Args:
        rotation: Angles in radians, shape (n,).
        shift_x: Pixels along the width, shape (n,).
        shift_y: Pixels along the height, shape (n,).
        shear: Angles in radians, shape (n,).
        flip: 1.0 to mirror the result horizontally, else 0.0, shape (n,).
        height: Of the images, in pixels.
        width: The same.

    Returns:
        (a, b, c, d, e, f, 0, 0), shape (n, 8), for `keras.ops.image.affine_transform`:
        [[a, b, c], [d, e, f]] maps the (x, y, 1) of an output pixel to its input's.
    """
    centre_x, centre_y = width / 2 - 0.5, height / 2 - 0.5
    cos, sin = ops.cos(rotation), ops.sin(rotation)
    # rotation @ shift @ shear, in Keras' legacy conventions
    a, b = cos, -cos * ops.sin(shear) - sin * ops.cos(shear)
    d, e = sin, -sin * ops.sin(shear) + cos * ops.cos(shear)
    c = cos * shift_x - sin * shift_y
    f = sin * shift_x + cos * shift_y
    # about the centre
    c += centre_x - a * centre_x - b * centre_y
    f += centre_y - d * centre_x - e * centre_y
    # after a mirrored x: x -> (width - 1) - x
    sign = 1.0 - 2.0 * flip
    c += a * flip * (width - 1)
    f += d * flip * (width - 1)
    zero = ops.zeros_like(a)
    return ops.stack([a * sign, b, c, d * sign, e, f, zero, zero], axis=1)


def augment_examples(
    images: np.ndarray, augmentation: Augmentation, seed: int, count: int
) -> np.ndarray:
    """Augment each image several times, to be looked at.

    Args:
        images: float32 (n, side, side, channels) in [0, 1].
        augmentation: What to draw from.
        seed: Draws the augmentations.
        count: How many of each image.

    Returns:
        The augmented images, float32 (n, count, side, side, channels) in [0, 1].
    """
    layer = AffineAugmentation(augmentation, seed=seed)
    batch = np.repeat(images, count, axis=0)
    augmented: np.ndarray = ops.convert_to_numpy(layer(batch, training=True))
    # Interpolation may leave [0, 1] by a rounding error.
    return augmented.clip(0, 1).reshape(-1, count, *images.shape[1:])
