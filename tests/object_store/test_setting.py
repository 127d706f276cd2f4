"""What the setting `data` changes in the catalog."""

import sys

import pytest
import yaml
from fsspec.registry import _registry
from kedro.io import DataCatalog, DatasetError
from PIL import Image

from tests.helpers.object_store import load_config
from tests.helpers.paths import ROOT


def list_files(config):
    return {
        name: entry
        for name, entry in config["catalog"].items()
        if not name.startswith("_") and entry["type"] != "MemoryDataset"
    }


def test_every_file_of_the_catalog_follows_the_setting(config, store):
    files = list_files(config)
    assert len(files) > 30
    for name, entry in files.items():
        place = entry.get("filepath") or entry.get("path")
        assert place.startswith(f"{store.address}/0"), name
        assert entry["credentials"] == "team", name


def test_without_the_setting_no_credentials_are_looked_for():
    for entry in list_files(load_config(ROOT / "conf")).values():
        assert entry.get("credentials") is None


def test_entries_of_ones_own_are_read_with_the_credentials(config, store, tmp_path):
    file = f"{store.address}/mine.txt"
    entries = {"mine": {"type": "text.TextDataset", "filepath": file}}
    (tmp_path / "conf/local/catalog.yml").write_text(yaml.safe_dump(entries))
    store.put("mine.txt", b"mine")
    loader = load_config(tmp_path / "conf")
    catalog = DataCatalog.from_config(loader["catalog"], loader["credentials"])
    assert catalog.load("mine") == "mine"
    assert store.credentials["secret"] not in str(loader["catalog"]) + repr(catalog)


def test_the_archive_can_be_elsewhere(config, tmp_path):
    path = tmp_path / "conf/local/globals.yml"
    settings = yaml.safe_load(path.read_text()) | {"archive": {"filepath": "a.tar.gz"}}
    path.write_text(yaml.safe_dump(settings))
    archive = load_config(tmp_path / "conf")["catalog"]["raw_images"]
    assert archive["filepath"] == "a.tar.gz"


def test_own_images_may_lie_on_this_machine(config, tmp_path):
    Image.new("RGB", (3, 2)).save(tmp_path / "a.png")
    entry = config["catalog"]["own_images"] | {"path": str(tmp_path)}
    catalog = DataCatalog.from_config({"own": entry}, config["credentials"])
    assert catalog.load("own")["a.png"]().size == (3, 2)


def test_what_to_install_is_told(config, monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(_registry, "s3", raising=False)
    catalog = DataCatalog.from_config(config["catalog"], config["credentials"])
    for name in ("test", "exp0.history", "metrics"):
        with pytest.raises(DatasetError, match="Install s3fs"):
            catalog.get(name)
