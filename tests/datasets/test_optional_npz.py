import numpy as np
import pytest
from kedro.io import DatasetError

from cifar_kedro.datasets import OptionalNpzDataset


def test_a_file_has_its_arrays_and_what_is_missing_has_none(tmp_path):
    dataset = OptionalNpzDataset(filepath=str(tmp_path / "arrays.npz"))
    assert dataset.load() == {}
    dataset.save({"labels": np.arange(3)})
    np.testing.assert_array_equal(dataset.load()["labels"], [0, 1, 2])


def test_a_damaged_file_is_not_taken_for_a_missing_one(tmp_path):
    (tmp_path / "arrays.npz").write_bytes(b"garbage")
    with pytest.raises(DatasetError, match="damaged"):
        OptionalNpzDataset(filepath=str(tmp_path / "arrays.npz")).load()
