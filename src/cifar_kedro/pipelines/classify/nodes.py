"""Nodes of the classify pipeline: images of any kind as the networks take them."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from PIL import Image, ImageOps, UnidentifiedImageError

from cifar_kedro.classes import CLASS_NAMES
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.networks import Model

_SIDE = 32  # pixels


def prepare_images(
    own_images: dict[str, Callable[[], Image.Image]],
) -> tuple[list[str], np.ndarray]:
    """Make of each file what a network takes, one at a time: photographs are large.

    Args:
        own_images: A function that loads the image, by file.

    Returns:
        The files; and their images, float32 (n, 32, 32, 3) in [0, 1], in that order.

    Raises:
        ValueError: If a file is no image, is damaged, can't be converted or has a name
            that is no text; the message names every such file and why.
    """
    prepared, refused = {}, {}
    for file, load in own_images.items():
        try:
            file.encode()  # a name that is no text could not stand in the table
            prepared[file] = _prepare_image(load())
        except Exception as error:  # of a damaged file Pillow raises nearly anything
            refused[file] = _explain(error)
    if refused:
        lines = [f"  {file!r}: {reason}" for file, reason in refused.items()]
        raise SettingsError(
            f"{len(refused)} of {len(own_images)} files can't be classified, so none "
            "was; expected images only. Move these out of the folder, or save them "
            "again as PNG or JPEG:\n" + "\n".join(lines)
        )
    # As data engineering scales the images that the networks have learned from.
    return list(prepared), np.stack([*prepared.values()]) * np.float32(1 / 255)


def classify_images(
    model: Model, prepared_images: np.ndarray, image_files: list[str]
) -> pd.DataFrame:
    """Name the two most probable classes of each image.

    Args:
        model: A trained network.
        prepared_images: float32 (n, 32, 32, 3) in [0, 1].
        image_files: Their n files.

    Returns:
        A row per image: `file`, `class`, `probability` (0 to 1), `second_class`,
        `second_probability`.
    """
    from cifar_kedro.prediction import predict

    probabilities = predict(model, prepared_images)
    ranked = np.argsort(-probabilities, axis=1)[:, :2]
    names = np.array(CLASS_NAMES)[ranked]
    highest = np.take_along_axis(probabilities, ranked, axis=1).round(4)
    return pd.DataFrame(
        {
            "file": image_files,
            "class": names[:, 0],
            "probability": highest[:, 0],
            "second_class": names[:, 1],
            "second_probability": highest[:, 1],
        }
    )


def _prepare_image(image: Image.Image) -> np.ndarray:
    """Take the middle square of an image, upright, as uint8 (32, 32, 3)."""
    upright = ImageOps.exif_transpose(image)
    # A pixel becomes the mean of the area that it covers, as in a camera: an image of
    # the data set, each pixel enlarged, comes back as it was. Sharper filters ring:
    # LANCZOS is off by 3 to 5 of 255 (rms) from that mean on two photographs of 200 to
    # 400 pixels a side, BOX by 1 to 2.
    square = ImageOps.fit(_to_rgb(upright), (_SIDE, _SIDE), method=Image.Resampling.BOX)
    return np.asarray(square)


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert any kind of image to 8-bit RGB, on white where it is transparent."""
    if image.mode == "F":
        raise ValueError("received fractions as pixels, which have no known range")
    if image.mode.startswith("I"):
        image = _to_8_bits(image)
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert("RGB")


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit greys, where Pillow would cut them off at 255."""
    pixels = np.asarray(image)
    if pixels.min() < 0 or pixels.max() > 65535:
        raise ValueError(
            f"received pixels from {pixels.min()} to {pixels.max()}, "
            "expected at most 16 bits"
        )
    return Image.fromarray((pixels / 257).round().astype(np.uint8))


def _explain(error: Exception) -> str:
    """Say why a file was refused: Kedro wraps what Pillow raises."""
    cause = error.__cause__ or error
    if isinstance(cause, UnidentifiedImageError):
        return "not an image in a format that Pillow reads"
    return f"{cause}" or type(cause).__name__
