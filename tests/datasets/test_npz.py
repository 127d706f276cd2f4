"""Tests of the .npz dataset: what comes back, and what survives a failure."""

import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from kedro.io import DatasetError

from cifar_kedro.datasets import NpzDataset, OptionalNpzDataset

DTYPES = hnp.scalar_dtypes() | hnp.unicode_string_dtypes() | hnp.byte_string_dtypes()
ARRAYS = st.dictionaries(
    st.from_regex(r"[a-z_][a-z0-9_]{0,9}", fullmatch=True).filter(
        lambda name: name not in ("file", "allow_pickle")
    ),
    hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, min_side=0, max_dims=4)),
    max_size=3,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "arrays.npz"


@pytest.fixture
def dataset(path: Path) -> NpzDataset:
    return NpzDataset(filepath=str(path))


@given(arrays=ARRAYS)
@settings(max_examples=40, deadline=None)
def test_any_arrays_come_back_as_they_were(tmp_path_factory, arrays):
    folder = tmp_path_factory.mktemp("round_trip")
    for filepath in (f"{folder}/arrays.npz", "memory://tests/folder/arrays.npz"):
        dataset = NpzDataset(filepath=filepath)
        dataset.save(arrays)
        assert dataset.exists()
        loaded = dataset.load()
        assert type(loaded) is dict
        assert list(loaded) == list(arrays)
        for name, array in arrays.items():
            assert loaded[name].dtype == array.dtype
            np.testing.assert_array_equal(loaded[name], array)


def test_memory_order_does_not_matter(dataset):
    array = np.asfortranarray(np.arange(24).reshape(2, 3, 4))[:, ::-1]
    dataset.save({"array": array})
    np.testing.assert_array_equal(dataset.load()["array"], array)


def test_exists_only_once_saved(dataset, path):
    assert not dataset.exists()
    dataset.save({"a": np.zeros(3)})
    assert dataset.exists()
    assert [file.name for file in path.parent.iterdir()] == ["arrays.npz"]


@pytest.mark.parametrize("error", [RuntimeError("disk on fire"), KeyboardInterrupt()])
def test_failed_save_keeps_the_old_file_and_nothing_else(
    dataset, path, monkeypatch, error
):
    dataset.save({"a": np.zeros(3)})
    before = path.read_bytes()

    def write_half(file, **_):
        file.write(before[: len(before) // 2])
        raise error

    monkeypatch.setattr(np, "savez", write_half)
    with pytest.raises((DatasetError, KeyboardInterrupt)):
        dataset.save({"a": np.ones(3)})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_old_file_is_whole_until_the_new_one_is(dataset, path, monkeypatch):
    dataset.save({"a": np.zeros(3)})
    savez, seen = np.savez, []

    def savez_and_look(file, **arrays):
        savez(file, **arrays)
        seen.append(dataset.load()["a"])

    monkeypatch.setattr(np, "savez", savez_and_look)
    dataset.save({"a": np.ones(3)})
    np.testing.assert_array_equal(seen, [np.zeros(3)])
    np.testing.assert_array_equal(dataset.load()["a"], np.ones(3))


def zip_text(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "hello")


def tear(path, share):
    NpzDataset(filepath=str(path)).save({"a": np.arange(1000), "b": np.arange(10)})
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


DAMAGES = {f"torn at {s}": partial(tear, share=s) for s in (0, 0.1, 0.5, 0.9, 0.999)}
DAMAGES["garbage"] = lambda path: path.write_bytes(b"\xff garbage" * 500)
DAMAGES["a zip of something else"] = zip_text


@pytest.mark.parametrize("kind", [NpzDataset, OptionalNpzDataset])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_named(path, damage, kind):
    path.parent.mkdir(parents=True)
    damage(path)
    with pytest.raises(DatasetError, match=r"arrays\.npz .*Delete it and run again"):
        kind(filepath=str(path)).load()


def test_any_flipped_byte_of_an_array_is_noticed(dataset, path):
    dataset.save({"a": np.arange(8)})
    content = bytearray(path.read_bytes())
    start = content.index(b"\x93NUMPY")
    stop = content.index(b"PK\x01\x02")
    for position in range(start, stop):
        content[position] ^= 0x10
        path.write_bytes(content)
        with pytest.raises(DatasetError):
            dataset.load()
        content[position] ^= 0x10


def test_pickled_arrays_are_not_loaded(dataset, path):
    path.parent.mkdir(parents=True)
    np.savez(path, a=np.array([{}]))
    with pytest.raises(DatasetError, match="holds Python objects"):
        dataset.load()


def test_missing_file_is_named_and_not_called_damaged(dataset):
    with pytest.raises(DatasetError, match=r"arrays\.npz") as raised:
        dataset.load()
    assert "Delete" not in str(raised.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros(3), "dict of arrays, received ndarray"),
        ([np.zeros(3)], "dict of arrays, received list"),
        ({"a": [1, 2]}, "'a' to be a numpy array, received list"),
        ({"a": np.array([{}, None])}, "'a' holds Python objects"),
        ({"a": np.zeros(2, dtype=[("x", "O")])}, "'a' holds Python objects"),
        ({"file": np.zeros(3)}, "plain name for an array, received 'file'"),
        ({"a/b": np.zeros(3)}, "plain name for an array, received 'a/b'"),
        ({1: np.zeros(3)}, "plain name for an array, received 1"),
    ],
)
def test_unfit_data_is_refused_before_anything_is_written(dataset, path, data, message):
    with pytest.raises(DatasetError, match=message):
        dataset.save(data)
    assert not path.parent.exists()


def test_arrays_lie_where_a_tensor_may(dataset):
    arrays = {f"a{n}": np.arange(n, dtype=np.float32) for n in (1, 5, 70_000)}
    arrays["columns"] = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    dataset.save(arrays)
    for name, array in dataset.load().items():
        assert array.ctypes.data % 64 == 0
        np.testing.assert_array_equal(array, arrays[name])


def test_a_file_has_its_arrays_and_what_is_missing_has_none(tmp_path):
    dataset = OptionalNpzDataset(filepath=str(tmp_path / "arrays.npz"))
    assert dataset.load() == {}
    dataset.save({"labels": np.arange(3)})
    np.testing.assert_array_equal(dataset.load()["labels"], [0, 1, 2])
