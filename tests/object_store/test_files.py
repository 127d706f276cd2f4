"""Every kind of file, saved to a bucket and loaded from it."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError
from matplotlib.figure import Figure
from plotly import graph_objects

from cifar_kedro.datasets import NpzDataset
from cifar_kedro.datasets import base as single_file
from tests.helpers.checkpoints import SHAPES, STATE, same
from tests.helpers.images import make_images, make_split
from tests.helpers.object_store import BUCKET
from tests.helpers.paths import ROOT

OLD = make_images(20)


PUBLISHED = ROOT / "docs/results/runs/exp0/seed-0"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("development", OLD),
        ("split", make_split(OLD, 10)),
        ("exp0.history", pd.read_csv(PUBLISHED / "history.csv")),
        ("exp0.metrics", json.loads((PUBLISHED / "metrics.json").read_text())),
        ("report", "<p>ä</p>"),
    ],
)
def test_what_is_saved_comes_back(catalog, store, name, data):
    assert not catalog.exists(name)
    for _ in range(2):
        catalog.save(name, data)
    assert catalog.exists(name)
    loaded = catalog.load(name)
    if isinstance(data, pd.DataFrame):
        pd.testing.assert_frame_equal(loaded, data)
    else:
        np.testing.assert_equal(loaded, data)
    assert len(store.list()) == 1


def test_a_model_comes_back(catalog):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    catalog.save("exp0.model", model)
    for before, after in zip(
        model.get_weights(), catalog.load("exp0.model").get_weights(), strict=True
    ):
        np.testing.assert_array_equal(before, after)


def test_figures_and_charts_are_written(catalog, store):
    catalog.save("comparison", Figure())
    catalog.save("gains", graph_objects.Figure())
    assert store.get("08_reporting/comparison.png").startswith(b"\x89PNG")
    assert "data" in json.loads(store.get("08_reporting/gains.json"))


def test_no_page_of_a_longer_sheet_and_no_figure_of_an_earlier_report_stays(
    catalog, store
):
    for names in (["1", "2"], ["1"]):
        catalog.save("exp0.contact_sheet", {f"{n}.png": Figure() for n in names})
        catalog.save("report_figures", {n: "<svg/>" for n in names})
    assert store.list() == {
        "08_reporting/classify/exp0/seed-0/best/contact_sheet/1.png",
        "08_reporting/report_figures/1.svg",
    }


def test_a_state_comes_back_and_goes(catalog, store):
    checkpoint = catalog.load("exp0.checkpoint")
    assert checkpoint.load() is None
    checkpoint.save(STATE)
    assert same(checkpoint.load(), STATE)
    assert store.list() == {"06_models/exp0/seed-0/checkpoint.npz"}
    checkpoint.keep_bounded()
    assert store.list() == {"06_models/exp0/seed-0/ended_at_bound.npz"}
    assert same(checkpoint.load_bounded(2, SHAPES), STATE)
    checkpoint.delete()
    assert store.list() == set()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("test", "no file at s3://{}/05_model_input/test.npz"),
        ("exp0.model", "no model at s3://{}/06_models/exp0/seed-0/model.keras. Train"),
        ("exp0.history", "{}/07_model_output/exp0/seed-0/history.csv"),
    ],
)
def test_what_is_missing_is_named(catalog, store, name, told):
    with pytest.raises(DatasetError) as error:
        catalog.load(name)
    assert told.format(f"{BUCKET}/{store.folder}") in str(error.value)


def test_what_another_machine_writes_and_deletes_is_seen(catalog, store):
    runs = "07_model_output/{}/failure.json"
    assert catalog.load("failures") == {}
    store.put(runs.format("exp0/seed-0"), b"[1]")
    assert list(catalog.load("failures")) == ["exp0/seed-0"]
    assert catalog.exists("exp0.failure")
    store.put(runs.format("exp0/seed-0"), b"[1, 2]")
    store.put(runs.format("exp9/seed-0"), b"[3]")
    loaded = {run: load() for run, load in catalog.load("failures").items()}
    assert loaded == {"exp0/seed-0": [1, 2], "exp9/seed-0": [3]}
    store.client.delete_object(
        Bucket=BUCKET, Key=f"{store.folder}/{runs.format('exp0/seed-0')}"
    )
    assert not catalog.exists("exp0.failure")


def test_a_file_is_read_from_one_version_of_it(store, monkeypatch):
    small_blocks = store.credentials | {"default_block_size": 100}
    file = NpzDataset(filepath=f"{store.address}/a.npz", credentials=small_blocks)
    file.save({"a": np.arange(1000)})

    def copy(source, target, _):
        target.write(source.read(100))
        store.put("a.npz", store.get("a.npz")[::-1])
        target.write(source.read())

    monkeypatch.setattr(single_file.shutil, "copyfileobj", copy)
    with pytest.raises(DatasetError) as error:
        file.load()
    assert "damaged" not in str(error.value)
