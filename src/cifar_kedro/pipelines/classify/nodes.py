"""Nodes of the classify pipeline: images of any kind as the networks take them."""

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

# A keras.Model: Kedro resolves the hints when it checks parameters, without keras.
Model = Any


def prepare_images(
    model: Model, own_images: dict[str, Callable[[], Image.Image]]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Make of each file what a network takes, one at a time: photographs are large.

    Args:
        model: The network: which shape it takes.
        own_images: A function that reads the image, by file.

    Returns:
        A row per file, with `file` and `problem`: why it is not among the images, empty
        if it is; and the images, float32 (n, side, side, channels) in [0, 1], in that
        order.

    Raises:
        SettingsError: If no file can be classified; the message names files and why.
    """
    # A name that is no text could not stand in the table.
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
    # As data engineering scales the images that the networks have learned from.
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
        prepared_images: float32 (n, side, side, channels) in [0, 1].
        image_files: A row per file; n have no `problem`.
        provenance: Of the network: its classes.

    Returns:
        A row per file: `file`, `class`, `probability` (0 to 1), `second_class`,
        `second_probability`, `problem`. Either the classes are empty, or the problem.
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
            "Classified %d of %d files. Of the others, the column `problem` of "
            "classified_images.csv says why: %s",
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
    """Say of a folder of which nothing could be classified what is in it."""
    lines = [f"  {file!r}: {why}" for file, why in files.values]
    if len(lines) > _MOST_NAMED:
        lines[_MOST_NAMED:] = [f"  and {len(lines) - _MOST_NAMED} more"]
    return (
        f"None of {len(files)} files can be classified; expected at least one image. "
        "Name another folder (--params classify.images=FOLDER), or save the images "
        "again as PNG or JPEG:\n" + "\n".join(lines)
    )


def _count(problems: pd.Series) -> str:
    """Count equal problems, the most frequent first."""
    counts = problems.value_counts()
    named = [f"{count} x {why}" for why, count in counts.head(_MOST_NAMED).items()]
    return "; ".join(named)
