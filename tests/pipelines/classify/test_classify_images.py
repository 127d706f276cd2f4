import numpy as np
import pandas as pd
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cifar_kedro.config.data import CIFAR10_CLASSES
from cifar_kedro.datasets.atomic import CSVDataset
from cifar_kedro.pipelines.classify.nodes import classify_images
from tests.helpers.paths import ROOT


class Oracle:
    """A model that knows its answers."""

    def predict_on_batch(self, images):
        return images[:, 0, 0, 0, None] * np.eye(10, dtype=np.float32)[3] + np.eye(
            10, dtype=np.float32
        )[[7]] * np.float32(0.25)


COLUMNS = [
    "file",
    "class",
    "probability",
    "second_class",
    "second_probability",
    "problem",
]


def files(names, problem=""):
    return pd.DataFrame({"file": names, "problem": problem})


def test_the_table_has_a_row_of_every_file_and_comes_back_as_it_was(tmp_path, caplog):
    names = ["Icon\r", "./=1+1.png", 'a,";\n=1.png', "NA", "007"]
    listed = files(names, ["", "broken", "", "broken", "odd"])
    images = np.zeros((2, 32, 32, 3), np.float32)
    images[1] = 0.75
    table = classify_images(Oracle(), images, listed, {})
    assert table["file"].tolist() == names
    assert table["class"].tolist() == ["horse", "", "cat", "", ""]
    assert table["problem"].tolist() == ["", "broken", "", "broken", "odd"]
    assert table["probability"].notna().tolist() == [True, False, True, False, False]
    (record,) = caplog.records
    assert record.getMessage().startswith("Classified 2 of 5 files.")
    assert record.getMessage().endswith(": 2 x broken; 1 x odd")

    catalog = yaml.safe_load((ROOT / "conf/base/catalog.yml").read_text())
    entry = catalog["{experiment}.classified_images"]
    dataset = CSVDataset(
        filepath=str(tmp_path / "a.csv"),
        load_args=entry["load_args"],
        save_args=entry["save_args"],
    )
    dataset.save(table)
    pd.testing.assert_frame_equal(dataset.load(), table, check_dtype=False)


def test_the_table_names_the_two_most_probable_classes():
    images = np.zeros((1500, 32, 32, 3), np.float32)
    images[1] = 0.75
    table = classify_images(
        Oracle(), images, files([f"{i}.png" for i in range(1500)]), {}
    )
    assert list(table) == COLUMNS
    assert len(table) == 1500
    assert table.iloc[1].tolist() == ["1.png", "cat", 0.75, "horse", 0.25, ""]
    assert table.iloc[0]["class"] == "horse"


@given(st.integers(0, 2**32 - 1))
def test_probabilities_are_ranked(seed):
    rows = np.random.default_rng(seed).dirichlet(np.ones(10), 5).astype(np.float32)

    class Model:
        def predict_on_batch(self, images):
            return rows

    table = classify_images(
        Model(), np.zeros((5, 32, 32, 3), np.float32), files([*"abcde"]), {}
    )
    assert table["class"].tolist() == [CIFAR10_CLASSES[i] for i in rows.argmax(axis=1)]
    np.testing.assert_allclose(table["probability"], rows.max(axis=1), atol=1e-4)
    assert (table["probability"] >= table["second_probability"]).all()
    assert (table["class"] != table["second_class"]).all()
