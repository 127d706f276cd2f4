"""Tests of what a run leaves, as other programs spoil it."""

import copy
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from cifar_kedro.config.run import HISTORY_COLUMNS
from cifar_kedro.datasets.run_files import (
    HistoryDataset,
    MetricsDataset,
    PredictionsDataset,
    check_metrics,
)
from tests.helpers.paths import ROOT
from tests.helpers.runs import make_history, make_predictions

PUBLISHED = sorted((ROOT / "docs/results/runs").glob("*/*/metrics.json"))
METRICS = json.loads(PUBLISHED[0].read_text())
REMEDY = (
    r"Put back a copy .* Or delete the file, and run its experiment and seed again$"
)


def refuse(dataset, path: Path, message: str) -> None:
    """Check that the file is refused, in one line that names it and the remedy."""
    before = path.read_bytes()
    with pytest.raises(DatasetError, match=message) as caught:
        dataset(filepath=str(path)).load()
    line = str(caught.value)
    assert line.startswith(f"{path} is not what its run wrote: ")
    assert "\n" not in line
    assert path.read_bytes() == before


@pytest.fixture
def history(tmp_path):
    path = tmp_path / "exp0/seed-0/history.csv"
    HistoryDataset(filepath=str(path), save_args={"index": False}).save(make_history())
    return path


def test_a_history_comes_back(history):
    read = HistoryDataset(filepath=str(history)).load()
    pd.testing.assert_frame_equal(read, make_history(), check_dtype=False)


def test_a_byte_order_mark_and_further_columns_are_no_damage(history):
    text = make_history(top_5=0.5).to_csv(index=False)
    history.write_text(text, encoding="utf-8-sig")
    read = HistoryDataset(filepath=str(history)).load()
    assert list(read) == [*HISTORY_COLUMNS, "top_5"]


TEXT = make_history().to_csv(index=False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            TEXT.replace(",", ";").replace(".", ","),  # a Spanish Excel
            "received the columns epoch;loss;.*, expected epoch, loss, .*by commas.*spreadsheet",
        ),
        (TEXT.replace(",", "\t"), "received the columns epoch loss"),
        (TEXT.encode("utf-16"), "utf-8"),
        ("", "No columns"),
        (TEXT.splitlines()[0], "received no row"),
        (
            TEXT.replace("val_loss", "valid_loss"),
            "accuracy, valid_loss, .*, expected epoch, ",
        ),
        (TEXT[:-20], "received val_accuracy 'nan' in row 20, expected a number"),
        (TEXT.replace("2.0\n", '"2,0"\n'), "received seconds '2,0' in row 1"),
        (TEXT.replace("2.0\n", "true\n"), "received seconds 'True' in row 1"),
        (TEXT.replace("\n2,", "\n3,"), "other epochs, expected 1 to 20"),
        ("<html>\n<b>", "received the columns <html>"),
    ],
)
def test_another_history_is_refused(history, content, message):
    history.write_bytes(content if isinstance(content, bytes) else content.encode())
    refuse(HistoryDataset, history, f"(?s){message}.*{REMEDY}")


def test_what_is_missing_is_not_called_damaged(tmp_path):
    for dataset in (HistoryDataset, MetricsDataset, PredictionsDataset):
        with pytest.raises(DatasetError, match="nowhere") as caught:
            dataset(filepath=str(tmp_path / "nowhere")).load()
        assert "not what its run wrote" not in str(caught.value)


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: str(path.parent)[-11:])
def test_published_runs_are_as_expected(path):
    assert MetricsDataset(filepath=str(path)).load() == json.loads(path.read_text())
    history = HistoryDataset(filepath=str(path.with_name("history.csv"))).load()
    assert list(history) == HISTORY_COLUMNS


@pytest.mark.parametrize("content", ["", "{", json.dumps(METRICS)[:-3], "\x00"])
def test_metrics_that_are_no_json_are_refused(tmp_path, content):
    path = tmp_path / "metrics.json"
    path.write_text(content)
    refuse(MetricsDataset, path, f"(column|char) .*{REMEDY}")


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("epochs",), "12", "epochs: .*integer, received '12'"),
        (("weights", "end", "test_accuracy"), "0,81", "weights.end.test_accuracy: "),
        (("weights", "end", "test_accuracy"), 81.2, "less than or equal to 1"),
        (("weights", "best"), None, "weights.best: .*, received None"),
        (("reported",), "none", "reported: "),
        (("provenance", "hardware"), {}, "provenance.hardware.processor: .*required"),
        (("parameters",), 263402, "parameters: "),
    ],
)
def test_metrics_of_other_types_are_refused(tmp_path, keys, value, message):
    metrics = copy.deepcopy(METRICS)
    inner = metrics
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(metrics))
    refuse(MetricsDataset, path, message)


@pytest.mark.parametrize("document", [[], 3, "text", None])
def test_another_document_is_no_metrics(document):
    with pytest.raises(ValueError, match=r"^the document: "):
        check_metrics(document)


def test_metrics_of_before_provenance_and_views_are_read():
    check_metrics(METRICS | {"reported": None, "further": 1})
    older = {
        k: METRICS[k] for k in METRICS if k not in {"provenance", "test_time_views"}
    }
    check_metrics(older)


GOOD = make_predictions(0.5, 20)


def test_predictions_come_back(tmp_path):
    dataset = PredictionsDataset(filepath=str(tmp_path / "predictions.npz"))
    dataset.save(GOOD | {"views": GOOD["end"]})
    assert dataset.load().keys() == {"end", "best", "labels", "views"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"end": GOOD["end"][:19]}, r"received end float32 \(19, 10\), .* of 20 test"),
        ({"views": GOOD["end"][:, :9]}, r"received views float32 \(20, 9\)"),
        ({"end": GOOD["end"].argmax(axis=1)}, "received (end|best) "),
        ({"labels": GOOD["labels"][:0]}, r"received labels uint8 \(0,\)"),
        ({"labels": GOOD["labels"] * 1.0}, "received labels float"),
        ({"labels": GOOD["labels"] + 1}, "received labels 1 to 10, expected 0 to 9"),
        ({"best": GOOD["best"] * 2}, "received best outside 0 to 1"),
        ({"best": GOOD["best"] * np.nan}, "received best outside 0 to 1"),
    ],
)
def test_other_predictions_are_refused(tmp_path, changes, message):
    path = tmp_path / "predictions.npz"
    np.savez(path, **GOOD | changes)
    refuse(PredictionsDataset, path, message)


def test_predictions_without_labels_are_refused(tmp_path):
    path = tmp_path / "predictions.npz"
    np.savez(path, end=GOOD["end"], best=GOOD["best"])
    refuse(PredictionsDataset, path, r"\['best', 'end'\], expected \['labels'\], too")


def test_predictions_that_are_no_archive_are_called_damaged(tmp_path):
    path = tmp_path / "predictions.npz"
    path.write_bytes(b"PK")
    with pytest.raises(DatasetError, match=f"{path} is damaged or not an .npz file"):
        PredictionsDataset(filepath=str(path)).load()
