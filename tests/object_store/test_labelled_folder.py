"""A folder of labelled images in a bucket."""

import numpy as np
import pytest

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets import LabelledFolderDataset
from tests.helpers.photographs import write_images


@pytest.fixture
def local(store, tmp_path):
    """Give a folder on this machine whose files are in the bucket, too."""
    write_images(tmp_path / "pets/train", {"cat": 5, "犬": 5})
    for path in sorted((tmp_path / "pets").rglob("*.png")):
        store.put(path.relative_to(tmp_path).as_posix(), path.read_bytes())
    store.put("pets/train/cat/", b"")  # how consoles make a folder
    return tmp_path / "pets"


def load(path, cache, **settings):
    dataset = LabelledFolderDataset(path=path, cache={"filepath": cache}, **settings)
    return dataset.load()


def load_stored(store):
    folder, cache = f"{store.address}/pets", f"{store.address}/02/pets.npz"
    return load(folder, cache, credentials=store.credentials)


def test_the_images_are_those_of_the_same_folder_on_disk(store, local, tmp_path):
    stored = load_stored(store)
    expected = load(str(local), str(tmp_path / "pets.npz"))
    assert stored["class_names"] == ["cat", "犬"] and stored["name"] == "pets"
    np.testing.assert_equal(stored, expected)
    written = {name for name in store.list() if name.startswith("02/")}
    assert written == {"02/pets.npz", "02/pets_test_files.csv"}
    files = (tmp_path / "pets_test_files.csv").read_bytes()
    assert store.get("02/pets_test_files.csv") == files


def test_only_what_has_changed_is_fetched(store, local, caplog):
    caplog.set_level("INFO", "cifar_kedro")
    load_stored(store)
    write_images(local / "train", {"cat": 1}, first=99)
    store.put("pets/train/cat/000.png", (local / "train/cat/099.png").read_bytes())
    caplog.clear()
    load_stored(store)
    assert "Decoded 1 of 10 images" in caplog.text


def test_a_folder_that_is_not_in_the_bucket_is_named(store):
    with pytest.raises(
        DatasetError, match=r"There is no folder s3://team/.*/pets/train"
    ):
        load_stored(store)
