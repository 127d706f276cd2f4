"""No secret in what is shown: descriptions, errors, logs."""

import traceback

import pytest
from kedro.io import DataCatalog, DatasetError

from cifar_kedro.datasets import KerasModelDataset, NpzDataset
from cifar_kedro.datasets.atomic import CSVDataset, JSONDataset, MatplotlibDataset
from cifar_kedro.datasets.base import hide_secrets

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"s3://key:{SECRET}@bucket/a.npz", "s3://bucket/a.npz"),
        (f"http://me:p@{SECRET}@example.org:5000", "http://example.org:5000"),
        ("s3://bucket/me@home.npz", "s3://bucket/me@home.npz"),
        (f"https://example.org/a.npz?signature={SECRET}", "https://example.org/a.npz"),
        (f"https://example.org/a.npz#{SECRET}", "https://example.org/a.npz"),
        ("memory://a.npz", "memory://a.npz"),
        ("data/what?/me@home/a.npz", "data/what?/me@home/a.npz"),
        ("/data/a.npz", "/data/a.npz"),
    ],
)
def test_addresses_are_shown_without_secrets(address, shown):
    assert hide_secrets(address) == shown


@pytest.mark.parametrize(
    "kind", [NpzDataset, KerasModelDataset, CSVDataset, JSONDataset, MatplotlibDataset]
)
def test_credentials_stay_out_of_descriptions_errors_and_logs(kind, caplog):
    caplog.set_level("DEBUG", logger="kedro")
    dataset = kind(filepath="memory://a/b", credentials={"secret": SECRET})
    catalog = DataCatalog({"data": dataset})
    shown = [str(dataset), repr(catalog)]
    for attempt in (
        lambda: catalog.load("data"),
        lambda: catalog.save("data", object()),
    ):
        with pytest.raises(DatasetError) as raised:
            attempt()
        shown.append(str(raised.value))
    assert "data" in shown[-1]
    assert SECRET not in "".join(shown) + caplog.text


def test_a_damaged_file_is_named_without_the_password_of_its_address():
    dataset = NpzDataset(filepath=f"memory://me:{SECRET}@host/a.npz")
    dataset._fs.pipe_file(dataset._path, b"garbage")
    with pytest.raises(
        DatasetError, match=r"memory://host/a\.npz is damaged"
    ) as raised:
        dataset.load()
    assert SECRET not in str(raised.value) + str(dataset)


def test_a_wrong_entry_is_named_without_its_credentials():
    entry = {"type": "cifar_kedro.datasets.NpzDataset", "filepath": "memory://a"}
    with pytest.raises(DatasetError) as raised:
        DataCatalog.from_config(
            {"data": entry | {"credentials": "store", "bogus": 1}},
            credentials={"store": {"secret": SECRET}},
        ).get("data")
    shown = "".join(traceback.format_exception(raised.value))
    assert "bogus" in shown
    assert SECRET not in shown
