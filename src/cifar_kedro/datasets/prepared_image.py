"""What a network takes of an image of any kind: the same in training and in classifying."""

from contextlib import suppress

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cifar_kedro.config.data import ImageShape


def prepare_image(image: Image.Image, image_shape: ImageShape) -> np.ndarray:
    """Take the middle square of an image, upright.

    Args:
        image: Of any kind and size.
        image_shape: Side, side and channels of what is made of it.

    Returns:
        Uint8 of that shape.

    Raises:
        ValueError: If the pixels have no known range.
        Exception: Of a damaged image Pillow raises nearly anything.
    """
    with suppress(Exception):  # Exif may be any bytes, beside an image that is sound
        ImageOps.exif_transpose(image, in_place=True)
    # A pixel becomes the mean of the area that it covers, as in a camera: an image of
    # the data set, each pixel enlarged, comes back as it was. Sharper filters ring:
    # LANCZOS is off by 3 to 5 of 255 (rms) from that mean on two photographs of 200 to
    # 400 pixels a side, BOX by 1 to 2.
    side, _, channels = image_shape
    square = ImageOps.fit(_to_rgb(image), (side, side), method=Image.Resampling.BOX)
    return np.asarray(square if channels > 1 else square.convert("L")).reshape(
        image_shape
    )


def explain_problem(error: Exception) -> str:
    """Say why an image can't be used, in a line that begins with a word of ours."""
    if isinstance(error, UnidentifiedImageError):
        return "not an image in a format that Pillow reads"
    if isinstance(error, OSError) and error.strerror:  # without the whole path
        return f"can't be read: {error.strerror}"
    return f"can't be read: {error}" if str(error) else type(error).__name__


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert any kind of image to 8-bit RGB, on white where it is transparent."""
    if image.mode == "F":
        raise ValueError("received fractions as pixels, which have no known range")
    if image.mode.startswith("I"):
        image = _to_8_bits(image)
    if image.has_transparency_data:
        # No name for the white ground: each image of a large one is a gigabyte.
        image = Image.alpha_composite(
            Image.new("RGBA", image.size, "white"), _convert(image, "RGBA")
        )
    return _convert(image, "RGB")


def _convert(image: Image.Image, mode: str) -> Image.Image:
    """Convert what needs it: Pillow would make a copy of what does not."""
    return image if image.mode == mode else image.convert(mode)


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit greys, where Pillow would cut them off at 255."""
    pixels = np.array(image, np.int32)
    if pixels.min() < 0 or pixels.max() > 65535:
        raise ValueError(
            f"received pixels from {pixels.min()} to {pixels.max()}, "
            "expected at most 16 bits"
        )
    pixels += 128  # to round; in place, as an image may have 200 million
    pixels //= 257
    return Image.fromarray(pixels.astype(np.uint8))
