"""Tables of image files as a raw data set."""

import io
import json
import sys

import numpy as np
import pytest
from PIL import Image

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets import ParquetDataset
from cifar_kedro.datasets.images import check_raw_images

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 32, 3), np.uint8)


def encode(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


CELLS = [{"bytes": encode(pixels), "path": None} for pixels in PIXELS]


def write(path, rows, features=None, images=None, **columns):
    cells = [CELLS[row] for row in rows] if images is None else images
    table = pa.table({"img": cells, "label": [row % 3 for row in rows]} | columns)
    if features is not None:
        text = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": text})
    pq.write_table(table, path)


HUB = {
    "img": {"_type": "Image"},
    "label": {"_type": "ClassLabel", "names": ["cat", "dog", "ape"]},
}


@pytest.fixture
def folder(tmp_path):
    """Give a table of each part, as the hub stores them: one in two files."""
    folder = tmp_path / "some [pets]"
    folder.mkdir()
    write(folder / "train-00001-of-00002.parquet", range(9, 18), HUB)
    write(folder / "train-00000-of-00002.parquet", range(9), HUB)
    write(folder / "test-00000-of-00001.parquet", range(18, 24), HUB)
    return folder


def test_the_tables_of_the_hub_say_themselves_what_is_in_them(folder):
    raw = ParquetDataset(path=str(folder)).load()
    check_raw_images(raw)
    np.testing.assert_array_equal(raw["train"]["images"], PIXELS[:18])
    np.testing.assert_array_equal(raw["test"]["images"], PIXELS[18:])
    np.testing.assert_array_equal(raw["train"]["labels"], np.arange(18) % 3)
    assert raw["class_names"] == ["cat", "dog", "ape"]
    assert raw["name"] == "some [pets]"


def test_settings_say_what_other_tables_do_not(tmp_path):
    write(tmp_path / "a.parquet", range(12), picture=[c["bytes"] for c in CELLS[:12]])
    settings = {
        "train": ["a.parquet", "a.*"],
        "test": "a.parquet",
        "image": "picture",
        "label": "label",
        "name": "pets",
        "side": 8,
        "channels": 1,
    }
    raw = ParquetDataset(path=str(tmp_path), **settings).load()
    check_raw_images(raw)
    assert raw["train"]["images"].shape == (24, 8, 8, 1)
    assert (raw["name"], raw["class_names"]) == ("pets", ["0", "1", "2"])
    named = ParquetDataset(path=str(tmp_path), class_names=[*"xyz"], **settings).load()
    assert named["class_names"] == [*"xyz"]


def test_of_two_columns_of_labels_one_has_to_be_named(folder):
    coarse = {"coarse": {"_type": "ClassLabel", "names": ["a", "b"]}}
    write(folder / "two.parquet", range(6), HUB | coarse, coarse=[0, 1] * 3)
    files = {"train": "two.parquet", "test": "two.parquet"}
    message = "`label`: received no column, expected one of label, coarse, which"
    with pytest.raises(DatasetError, match=message):
        ParquetDataset(path=str(folder), **files).load()
    raw = ParquetDataset(path=str(folder), label="coarse", **files).load()
    assert raw["class_names"] == ["a", "b"]


def test_few_bad_images_are_left_out_and_many_are_refused(folder, caplog):
    cells = [
        *CELLS[:6],
        {"bytes": b"hello", "path": None},
        {"bytes": None, "path": "a"},
    ]
    write(folder / "bad.parquet", range(8), HUB, images=cells)
    files = {"train": "bad.parquet", "test": "test*"}
    raw = ParquetDataset(path=str(folder), most_bad_share=0.25, **files).load()
    np.testing.assert_array_equal(raw["train"]["images"], PIXELS[:6])
    assert raw["train"]["labels"].tolist() == [0, 1, 2, 0, 1, 2]
    assert "'row 6 of train': not an image in a format that Pillow reads" in caplog.text
    assert "'row 7 of train': can't be read: the table has no bytes" in caplog.text
    with pytest.raises(DatasetError, match=r"2 of 8 files in .* expected at most 1.0%"):
        ParquetDataset(path=str(folder), **files).load()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"test": "tset*"},
            r"no file tset\* \(`test`\) in .*, which has 'damaged.*'train-",
        ),
        ({"image": "image"}, "`image`: received image, expected one of img, which the"),
        ({"label": "img"}, r"`img of train`: received object \(18,\), expected whole"),
        (
            {"train": "damaged.parquet"},
            "damaged.parquet is damaged, or no parquet table",
        ),
        ({"class_names": ["a"]}, r"labels: received 1 class"),
    ],
)
def test_other_tables_are_refused_with_what_is_there(folder, settings, message):
    (folder / "damaged.parquet").write_bytes(b"hello")
    with pytest.raises(DatasetError, match=message):
        ParquetDataset(path=str(folder), **settings).load()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"There is no folder .*/nowhere"):
        ParquetDataset(path=str(tmp_path / "nowhere")).load()


def test_without_pyarrow_the_command_that_installs_it_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    message = r"needs pyarrow, .* pip install -c requirements\.lock -e '\.\[parquet\]'"
    with pytest.raises(DatasetError, match=message):
        ParquetDataset(path=str(folder)).load()
