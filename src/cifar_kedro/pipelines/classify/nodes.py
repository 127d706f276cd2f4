"""Nodes of the classify pipeline: prepare images of any kind, and classify them."""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageOps, UnidentifiedImageError

from cifar_kedro.config import Classify
from cifar_kedro.config.data import ImageShape
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.evaluation.data_sets import find_data_set

logger = logging.getLogger(__name__)

_MOST_NAMED = 10  # files, or problems, in a message

# A keras.Model. Kedro resolves type hints when it checks parameters: keras stays out.
Model = Any


def prepare_images(
    model: Model, own_images: dict[str, Callable[[], Image.Image]]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Bring each image into the shape that a network takes.

    Files are read one at a time, because photographs are large.

    Args:
        model: The network. Its input gives the shape.
        own_images: A function that reads the image, by file.

    Returns:
        A table and the images. The table has a row per file, with `file` and `problem`. The
        problem says why a file gave no image. It is empty for the others. The images are
        float32 (n, side, side, channels) in [0, 1], in the order of the table.

    Raises:
        SettingsError: If no file can be classified. The message names files and reasons.
    """
    # A file name may have bytes that are no text. The table shows them as escapes.
    names = [file.encode(errors="backslashreplace").decode() for file in own_images]
    image_shape = model.input_shape[1:]
    prepared, problems = [], []
    for load in own_images.values():
        problem = ""
        try:
            prepared.append(_prepare_image(load(), image_shape))
        except Exception as error:  # Pillow raises nearly anything for a damaged file
            problem = _explain(error)
        problems.append(problem)
    files = pd.DataFrame({"file": names, "problem": problems})
    if not prepared:
        raise SettingsError(_name_problems(files))
    # Data engineering scales the images that the networks learn from in the same way.
    return files, np.stack(prepared) * np.float32(1 / 255)


def classify_images(
    model: Model,
    prepared_images: np.ndarray,
    image_files: pd.DataFrame,
    provenance: dict[str, Any],
) -> pd.DataFrame:
    """Name the two most probable classes of each image.

    Args:
        model: A trained network.
        prepared_images: The images, float32 (n, side, side, channels) in [0, 1].
        image_files: A row per file. Those without a `problem` are the n images.
        provenance: The network's provenance, which names the classes.

    Returns:
        A row per file: `file`, `class`, `probability` (0 to 1), `second_class`,
        `second_probability`, `problem`. Either the classes or the problem are empty.
    """
    from cifar_kedro.models.inference import predict

    probabilities = predict(model, prepared_images)
    ranked = np.argsort(-probabilities, axis=1)[:, :2]
    names = np.array(find_data_set(provenance).class_names)[ranked]
    highest = np.take_along_axis(probabilities, ranked, axis=1).round(4)
    classified = image_files["problem"] == ""
    results = pd.DataFrame(
        {
            "class": names[:, 0],
            "probability": highest[:, 0],
            "second_class": names[:, 1],
            "second_probability": highest[:, 1],
        },
        index=image_files.index[classified],
    )
    table = image_files[["file"]].join(results).join(image_files["problem"])
    table = table.fillna({"class": "", "second_class": ""})
    _warn_of_problems(image_files["problem"])
    return table


def _warn_of_problems(problems: pd.Series) -> None:
    left_out = problems[problems != ""]
    if not left_out.empty:
        logger.warning(
            "Classified %d of %d files. The column `problem` of classified_images.csv says "
            "why the others were not: %s",
            len(problems) - len(left_out),
            len(problems),
            _count(left_out),
        )


def plot_contact_sheet(
    prepared_images: np.ndarray,
    classified_images: pd.DataFrame,
    classify: Classify,
    seed: int,
) -> dict[str, Any]:
    """Plot the classified images: see `cifar_kedro.figures.contact_sheet`."""
    from cifar_kedro.figures import contact_sheet

    return contact_sheet.plot_contact_sheet(
        prepared_images, classified_images, classify, seed
    )


def _prepare_image(image: Image.Image, image_shape: ImageShape) -> np.ndarray:
    """Turn an image upright, and scale its middle square to uint8 of that shape."""
    with suppress(Exception):  # the image may be sound, and its Exif damaged
        ImageOps.exif_transpose(image, in_place=True)
    # BOX makes each pixel the mean of the area that it covers, as a camera does. So an
    # enlarged image of the data set comes back as it was. Sharper filters ring. This was
    # measured on two photographs of 200 to 400 pixels a side. LANCZOS is off from that
    # mean by 3 to 5 of 255 (rms), and BOX by 1 to 2.
    side, _, channels = image_shape
    square = ImageOps.fit(_to_rgb(image), (side, side), method=Image.Resampling.BOX)
    return np.asarray(square if channels > 1 else square.convert("L")).reshape(
        image_shape
    )


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert any kind of image to 8-bit RGB. Transparent parts become white."""
    if image.mode == "F":
        raise ValueError("received fractions as pixels, which have no known range")
    if image.mode.startswith("I"):
        image = _to_8_bits(image)
    if image.has_transparency_data:
        # The white image has no name, so that it is freed at once: it may be a gigabyte.
        image = Image.alpha_composite(
            Image.new("RGBA", image.size, "white"), _convert(image, "RGBA")
        )
    return _convert(image, "RGB")


def _convert(image: Image.Image, mode: str) -> Image.Image:
    """Convert an image that has another mode. Pillow would copy one that does not."""
    return image if image.mode == mode else image.convert(mode)


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit greys to 8 bits. Pillow would cut them off at 255."""
    pixels = np.array(image, np.int32)
    if pixels.min() < 0 or pixels.max() > 65535:
        raise ValueError(
            f"received pixels from {pixels.min()} to {pixels.max()}, "
            "expected at most 16 bits"
        )
    pixels += 128  # rounds; in place, since an image may have 200 million pixels
    pixels //= 257
    return Image.fromarray(pixels.astype(np.uint8))


def _explain(error: Exception) -> str:
    """Say in one line why a file can't be classified. Begin with a word of ours."""
    if isinstance(error, UnidentifiedImageError):
        return "not an image in a format that Pillow reads"
    if isinstance(error, OSError) and error.strerror:  # without the path
        return f"can't be read: {error.strerror}"
    return f"can't be read: {error}" if str(error) else type(error).__name__


def _name_problems(files: pd.DataFrame) -> str:
    """Name the problems of a folder in which no file could be classified."""
    lines = [f"  {file!r}: {why}" for file, why in files.values]
    if len(lines) > _MOST_NAMED:
        lines[_MOST_NAMED:] = [f"  and {len(lines) - _MOST_NAMED} more"]
    return (
        f"None of {len(files)} files can be classified, expected at least one image. "
        "Name another folder (--params classify.images=FOLDER), or save the images "
        "again as PNG or JPEG:\n" + "\n".join(lines)
    )


def _count(problems: pd.Series) -> str:
    """Count equal problems. The most frequent comes first."""
    counts = problems.value_counts()
    named = [f"{count} x {why}" for why, count in counts.head(_MOST_NAMED).items()]
    return "; ".join(named)
