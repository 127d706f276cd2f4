"""The archive in a bucket."""

import gzip
import hashlib

import numpy as np
import pytest
from kedro.io import DatasetError

from cifar_kedro.datasets import CifarArchiveDataset
from cifar_kedro.datasets import archive as cifar10_archive
from tests.helpers.archives import tiny_members, to_tar


@pytest.fixture
def archive(store):
    """Give the bytes of a tiny archive, and the dataset of its place in the bucket."""
    content = gzip.compress(to_tar(list(tiny_members().items())))
    dataset = CifarArchiveDataset(
        content="cifar10",
        filepath=f"{store.address}/01_raw/cifar.tar.gz",
        credentials=store.credentials,
        url="https://example.org/cifar.tar.gz",
        known_hash=f"md5:{hashlib.md5(content).hexdigest()}",
    )
    return content, dataset


def test_the_archive_is_fetched_into_the_bucket_once(store, archive, monkeypatch):
    content, dataset = archive
    monkeypatch.setattr(
        cifar10_archive, "fetch", lambda _, __, path: path.write_bytes(content)
    )
    assert not dataset.exists()
    fetched = dataset.load()
    assert fetched["train"]["images"].shape == (10, 32, 32, 3)
    assert store.get("01_raw/cifar.tar.gz") == content
    monkeypatch.delattr(cifar10_archive, "fetch")
    np.testing.assert_equal(dataset.load(), fetched)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_another_archive_in_the_bucket_is_refused_by_its_address(store, archive, share):
    content, dataset = archive
    store.put("01_raw/cifar.tar.gz", content[: int(share * len(content))])
    address = f"{store.address}/01_raw/cifar.tar.gz is not the expected archive"
    with pytest.raises(DatasetError, match=address):
        dataset.load()


def test_an_archive_that_cannot_be_fetched_is_asked_for_there(archive, monkeypatch):
    def refuse(*_, **__):
        raise ConnectionError("it can't be reached")

    monkeypatch.setattr(cifar10_archive, "fetch", refuse)
    with pytest.raises(DatasetError, match=r"put it at s3://team/.*/cifar\.tar\.gz"):
        archive[1].load()
