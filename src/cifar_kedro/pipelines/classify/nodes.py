"""Nodes of the classify pipeline: prepare images of any kind, and classify them."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from cifar_kedro.config import Classify
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.datasets.prepared_image import explain_problem, prepare_image
from cifar_kedro.evaluation.data_sets import find_data_set

logger = logging.getLogger(__name__)

_MOST_NAMED = 10  # files, or problems, in a message

# A keras.Model. Kedro resolves type hints when it checks parameters: keras stays out.
Model = Any


def prepare_images(
    own_images: dict[str, Callable[[], Image.Image]], model: Model
) -> tuple[pd.DataFrame, np.ndarray]:
    """Bring each image into the shape that a network takes.

    Files are read one at a time, because photographs are large.

    Args:
        own_images: A function that reads the image, by file.
        model: The network. Its input gives the shape.

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
            prepared.append(prepare_image(load(), image_shape))
        except Exception as error:  # of a damaged file Pillow raises nearly anything
            problem = explain_problem(error)
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
