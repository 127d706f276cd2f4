"""Augmentation as a Keras layer: one affine resample per image, and a cutout."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from cifar_kedro.config import Augmentation


class AffineAugmentation(keras.layers.Layer):
    """Transforms each image of a batch at random, in training only.

    The settings mean what they mean in Keras' legacy ``ImageDataGenerator``. Rotation,
    shift and shear make one matrix about the image's centre. The image is resampled once,
    bilinearly, and edge pixels are repeated outside. It is mirrored last. Mirroring maps
    pixels to pixels, so it is part of the same matrix here. A stack of Keras'
    preprocessing layers would resample, and blur, at each step. Then `cutout` cuts out a
    square, which the generator cannot do.

    Input and output: float images of shape (n, height, width, channels).

    Args:
        settings: Ranges of the random transformation.
        seed: Seed of the random draws, at least 0.
    """

    def __init__(self, settings: Augmentation, seed: int, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**kwargs)
        self.settings = settings
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(
        self,
        images: keras.KerasTensor,
        mirrored: keras.KerasTensor | None = None,
        training: bool = False,
    ) -> keras.KerasTensor:
        """Transform `images` if `training`, else return them as they are.

        Args:
            images: The images.
            mirrored: Which of them to mirror, bool (n,); drawn if None.
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

    def _draw_matrices(
        self, count: int, height: int, width: int, mirrored: keras.KerasTensor | None
    ) -> keras.KerasTensor:
        """Draw a transformation for each image: shape (count, 8)."""
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

    def _cut_out(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """Paint a square inside each image in the image's mean colour."""
        count, height, width, _ = ops.shape(images)
        inside_y = self._draw_interval(count, height)[:, :, None, None]
        inside_x = self._draw_interval(count, width)[:, None, :, None]
        mean = ops.mean(images, axis=(1, 2), keepdims=True)
        return ops.where(ops.logical_and(inside_y, inside_x), mean, images)

    def _draw_interval(self, count: int, length: int) -> keras.KerasTensor:
        """Draw `cutout` adjacent pixels out of `length`: bool (count, length)."""
        side = self.settings.cutout
        bound = length - side + 1
        first = ops.floor(
            keras.random.uniform((count, 1), 0, bound, seed=self.seed_generator)
        )
        pixel = ops.arange(length, dtype="float32")
        return ops.logical_and(pixel >= first, pixel < first + side)

    def _shift(self, count: int, bound: float) -> keras.KerasTensor:
        if not self.settings.whole_pixels:
            return self._uniform(count, bound)
        # Half a pixel more makes the outermost shifts as frequent as the others.
        return ops.round(self._uniform(count, math.floor(bound) + 0.5))

    def _uniform(self, count: int, bound: float) -> keras.KerasTensor:
        return keras.random.uniform((count,), -bound, bound, seed=self.seed_generator)


def affine_matrices(
    rotation: keras.KerasTensor,
    shift_x: keras.KerasTensor,
    shift_y: keras.KerasTensor,
    shear: keras.KerasTensor,
    flip: keras.KerasTensor,
    height: int,
    width: int,
) -> keras.KerasTensor:
    """Compose flip, centre, rotation, shift and shear into one matrix per image.

    Args:
        rotation: Angles in radians, shape (n,).
        shift_x: Pixels along the width, shape (n,).
        shift_y: Pixels along the height, shape (n,).
        shear: Angles in radians, shape (n,).
        flip: 1.0 to mirror the result horizontally, else 0.0, shape (n,).
        height: Height of the images in pixels.
        width: Width of the images in pixels.

    Returns:
        (a, b, c, d, e, f, 0, 0), shape (n, 8), for `keras.ops.image.affine_transform`.
        [[a, b, c], [d, e, f]] maps (x, y, 1) of an output pixel to its input pixel.
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
    """Augment each image several times, for people to look at.

    Args:
        images: float32 (n, side, side, channels) in [0, 1].
        augmentation: The settings.
        seed: Draws the augmentations.
        count: How many augmentations of each image to make.

    Returns:
        The augmented images, float32 (n, count, side, side, channels) in [0, 1].
    """
    layer = AffineAugmentation(augmentation, seed=seed)
    batch = np.repeat(images, count, axis=0)
    augmented: np.ndarray = ops.convert_to_numpy(layer(batch, training=True))
    # A rounding error of the interpolation may leave [0, 1].
    return augmented.clip(0, 1).reshape(-1, count, *images.shape[1:])
