"""Tests of CIFAR-100's archive, on a tiny one in the official layout."""

import gzip
import hashlib

import numpy as np
import pytest

from cifar_kedro.config.errors import DatasetError, SettingsError
from cifar_kedro.datasets import CifarArchiveDataset
from cifar_kedro.datasets.images import check_raw_images
from tests.helpers.archives import make_cifar100, to_tar

FOLDER = "cifar-100-binary"


def load(path, members, content="cifar100-fine"):
    archive = gzip.compress(to_tar(list(members.items())))
    path.write_bytes(archive)
    known_hash = f"md5:{hashlib.md5(archive).hexdigest()}"
    return CifarArchiveDataset(
        content=content, filepath=str(path), url=None, known_hash=known_hash
    ).load()


@pytest.mark.parametrize(
    ("labels", "classes", "first"),
    [("fine", 100, "fine 0"), ("coarse", 20, "coarse 0")],
)
def test_either_kind_of_labels_comes_with_its_names(tmp_path, labels, classes, first):
    members, images = make_cifar100()
    raw = load(tmp_path / "cifar.tar.gz", members, f"cifar100-{labels}")
    check_raw_images(raw)
    assert raw["name"] == f"CIFAR-100, {labels} labels"
    assert len(raw["class_names"]) == classes and raw["class_names"][0] == first
    for part in ("train", "test"):
        np.testing.assert_array_equal(raw[part]["images"], images)
        expected = np.arange(200) % 100 // (1 if labels == "fine" else 5)
        np.testing.assert_array_equal(raw[part]["labels"], expected)


def change(name, content):
    members, _ = make_cifar100()
    return members | {f"{FOLDER}/{name}": content}


RECORD = bytes(3072)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (change("train.bin", b"\x14\x00" + RECORD), "label 20 .* expected 0-19"),
        (change("train.bin", b"\x00\x64" + RECORD), "label 100 .* expected 0-99"),
        (change("test.bin", b"\x00" + RECORD), "3073 bytes, .* records of 3074 bytes"),
        (change("fine_label_names.txt", b"a\nb\n"), "2 different .*, expected 100"),
        (change("fine_label_names.txt", b"a\n" * 100), "1 different names in the 100"),
        (change("readme.txt", b""), "unknown member"),
    ],
)
def test_what_is_not_the_official_layout_is_refused(tmp_path, members, message):
    with pytest.raises(DatasetError, match=f"CIFAR-100, fine.*{message}"):
        load(tmp_path / "cifar.tar.gz", members)


def test_an_archive_without_the_names_is_refused(tmp_path):
    members, _ = make_cifar100()
    members.pop(f"{FOLDER}/fine_label_names.txt")
    with pytest.raises(DatasetError, match=r"lacks .*fine_label_names\.txt"):
        load(tmp_path / "cifar.tar.gz", members)


def test_another_content_is_refused():
    with pytest.raises(SettingsError, match=r"one of cifar10, .*received 'cifar100'"):
        CifarArchiveDataset(content="cifar100", filepath="x", url=None, known_hash="")
