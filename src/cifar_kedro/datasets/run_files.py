"""The files that a run writes and reporting reads. Each is checked when it is read.

Other programs open them, too. A spreadsheet may save a history in its own format. An editor
may leave half a JSON file. This module is not imported with the package, because pandas is
heavy.
"""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import kedro.io
import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.config.run import HISTORY_COLUMNS
from cifar_kedro.datasets.atomic import CSVDataset, JSONDataset
from cifar_kedro.datasets.npz import Arrays, DamagedFileError, NpzDataset

FIRST = 120  # characters of a received value in a message

Content = TypeVar("Content")
Share = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(strict=True)


class _Scores(_Section):
    train_accuracy: Share
    validation_accuracy: Share
    test_accuracy: Share
    test_cross_entropy: float


class _BothWeights(_Section):
    end: _Scores
    best: _Scores


class _Views(_Section):
    test_accuracy: Share
    test_cross_entropy: float


class _Parameters(_Section):
    total: int


class _Reported(_Section):
    test_accuracy: Share


class _Hardware(_Section):
    processor: str
    cores: int | None
    accelerators: list[str]


class _Data(_Section):
    name: str
    class_names: Annotated[list[str], Field(min_length=2)]
    image_shape: Annotated[list[int], Field(min_length=3, max_length=3)]


class _Provenance(_Section):
    parameters: dict[str, Any]
    validation_images: int
    max_epochs: int | None
    hardware: _Hardware
    started: str
    # Early runs have none. They are of CIFAR-10.
    data: _Data | None = None


class _Metrics(_Section):
    """What reporting reads of a run's metrics. The file may contain more."""

    experiment: str
    title: str
    seed: int
    architecture_only: bool
    parameters: _Parameters
    epochs: Annotated[int, Field(ge=1)]
    best_epoch: int
    training_seconds: float
    weights: _BothWeights
    reported: _Reported | None
    # Early runs have neither.
    test_time_views: _Views | None = None
    provenance: _Provenance | None = None


class HistoryDataset(CSVDataset):
    """A training's history: one row per epoch, with the columns `HISTORY_COLUMNS`."""

    def load(self) -> pd.DataFrame:
        """Read the history.

        Raises:
            DatasetError: If the file is missing, or is not a history.
        """
        return _read(super().load, check_history, str(self._filepath))


class MetricsDataset(JSONDataset):
    """A run's metrics."""

    def load(self) -> dict[str, Any]:
        """Read the metrics.

        Raises:
            DatasetError: If the file is missing, or not what evaluation writes.
        """
        return _read(super().load, check_metrics, str(self._filepath))


class PredictionsDataset(NpzDataset):
    """A run's class probabilities for the test images, and the labels."""

    def load(self) -> Arrays:
        """Read the predictions.

        Raises:
            DatasetError: If the file is missing, or not what evaluation writes.
        """
        return _read(super().load, check_predictions, self._filepath)


def check_history(history: pd.DataFrame) -> None:
    """Check that a table is a training's history.

    Raises:
        ValueError: If it is empty, or its columns, types or epochs differ from a history's.
    """
    if not set(HISTORY_COLUMNS) <= set(history):
        raise ValueError(
            f"received the columns {', '.join(map(str, history))[:FIRST]}, expected "
            f"{', '.join(HISTORY_COLUMNS)}, separated by commas. A spreadsheet may have "
            "saved it in its own format"
        )
    if history.empty:
        raise ValueError("received no row, expected one per epoch")
    for name in HISTORY_COLUMNS:
        column = history[name]
        numbers = pd.to_numeric(column, errors="coerce")
        if not np.isfinite(numbers).all() or column.dtype.kind not in "iuf":
            row = int((~np.isfinite(numbers)).to_numpy().argmax())
            raise ValueError(
                f"received {name} {str(column.iloc[row])[:FIRST]!r} in row {row + 1}, "
                "expected a number with a decimal point in each row"
            )
    expected = np.arange(1, len(history) + 1)
    if not np.array_equal(history["epoch"], expected):
        raise ValueError(
            f"received other epochs, expected 1 to {len(history)}, each once and in order"
        )


def check_metrics(metrics: Any) -> None:
    """Check that a document is a run's metrics.

    Raises:
        ValueError: If a key is missing, or a value has another type or range.
    """
    try:
        _Metrics.model_validate(metrics)
    except ValidationError as error:
        found = [
            f"{'.'.join(map(str, each['loc'])) or 'the document'}: {each['msg']}"
            + (
                ""
                if each["type"] == "missing"
                else f", received {_show(each['input'])}"
            )
            for each in error.errors()
        ]
        raise ValueError("; ".join(found)) from error


def check_predictions(predictions: Arrays) -> None:
    """Check that arrays are a run's predictions.

    Raises:
        ValueError: If the names, shapes or values are not those of predictions.
    """
    if missing := {"end", "best", "labels"} - predictions.keys():
        raise ValueError(
            f"received the arrays {sorted(predictions)}, expected {sorted(missing)}, too"
        )
    labels, end = predictions["labels"], predictions["end"]
    images, classes = len(np.atleast_1d(labels)), end.shape[-1] if end.ndim else 0
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not images:
        raise ValueError(
            f"received labels {labels.dtype} {labels.shape}, expected whole numbers, one "
            "per test image"
        )
    for name, array in predictions.items():
        if name == "labels":
            continue
        if array.shape != (images, classes) or array.dtype.kind != "f":
            raise ValueError(
                f"received {name} {array.dtype} {array.shape}, expected a probability for "
                f"each of {images} test images and each class"
            )
        if not (array.min() >= 0 and array.max() <= 1 + 1e-3):
            raise ValueError(f"received {name} outside 0 to 1, expected probabilities")
    if not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(
            f"received labels {labels.min()} to {labels.max()}, expected 0 to {classes - 1}"
        )


def _show(value: Any) -> str:
    return repr(value)[:FIRST]


def _read(
    load: Callable[[], Content], check: Callable[[Content], None], path: str
) -> Content:
    """Load and check a file.

    Raises:
        DatasetError: If the check fails: the message names the file and what to do. If the
            file is missing or can't be reached: the error of `load`, unchanged.
    """
    try:
        content = load()
        check(content)
    except (ValueError, kedro.io.DatasetError) as error:
        cause = error.__cause__ if isinstance(error, kedro.io.DatasetError) else error
        if isinstance(error, DamagedFileError) or not isinstance(cause, ValueError):
            raise
        reason = " ".join(str(cause).split())
        raise DatasetError(
            f"{path} is not what its run wrote: {reason}. Put back a copy from a backup. A "
            "published run comes back with: python tools/publish.py --restore. Or delete "
            "the file, and run its experiment and seed again"
        ) from error
    return content
