"""Data and results in a bucket: the project's own catalog against an S3 server."""

import gzip
import hashlib
import io
import json
import shutil
import signal
import subprocess
import sys

import boto3
import keras
import moto
import numpy as np
import pandas as pd
import pytest
import s3fs
import yaml
from botocore.exceptions import EndpointConnectionError
from fsspec.registry import _registry
from kedro.io import DataCatalog, DatasetError
from matplotlib.figure import Figure
from moto.server import ThreadedMotoServer
from PIL import Image
from plotly import graph_objects

from cifar_kedro.config.loader import ExperimentConfigLoader
from cifar_kedro.datasets import Cifar10ArchiveDataset, NpzDataset
from cifar_kedro.datasets import archive as cifar10_archive
from cifar_kedro.datasets import base as single_file
from cifar_kedro.settings import CONFIG_LOADER_ARGS
from tests.helpers.archives import tiny_members, to_tar
from tests.helpers.checkpoints import SHAPES, STATE, same
from tests.helpers.images import make_images
from tests.helpers.paths import ROOT
from tests.helpers.processes import run_killed
from tests.helpers.project import REPORT, REPORT_FIGURES, results, run

BUCKET = "team"
PUBLISHED = ROOT / "docs/results/runs/exp0/seed-0"
EVERYTHING = [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
OLD, NEW = make_images(20), make_images(30)


@pytest.fixture(scope="session")
def credentials():
    """Start a server with a bucket and one user; give the user's credentials."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    anyone = {
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "aws_access_key_id": "-",
        "aws_secret_access_key": "-",
    }
    boto3.client("s3", **anyone).create_bucket(Bucket=BUCKET)
    iam = boto3.client("iam", **anyone)
    iam.create_user(UserName="me")
    policy = json.dumps({"Version": "2012-10-17", "Statement": EVERYTHING})
    iam.put_user_policy(UserName="me", PolicyName="all", PolicyDocument=policy)
    key = iam.create_access_key(UserName="me")["AccessKey"]
    with pytest.MonkeyPatch.context() as patch:  # from now on it looks at who asks
        patch.setattr(moto.settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
        yield {
            "key": key["AccessKeyId"],
            "secret": key["SecretAccessKey"],
            "endpoint_url": endpoint,
        }
    server.stop()


class Store:
    """A folder of the bucket, as another machine sees it: through no fsspec."""

    def __init__(self, folder, credentials):
        self.folder = folder
        self.credentials = credentials
        self.client = boto3.client(
            "s3",
            endpoint_url=credentials["endpoint_url"],
            region_name="us-east-1",
            aws_access_key_id=credentials["key"],
            aws_secret_access_key=credentials["secret"],
        )

    @property
    def address(self):
        return f"s3://{BUCKET}/{self.folder}"

    def put(self, name, content):
        self.client.put_object(Bucket=BUCKET, Key=f"{self.folder}/{name}", Body=content)

    def get(self, name):
        found = self.client.get_object(Bucket=BUCKET, Key=f"{self.folder}/{name}")
        return found["Body"].read()

    def list(self):
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{self.folder}/")
        keys = [entry["Key"] for entry in found.get("Contents", [])]
        return {key.removeprefix(f"{self.folder}/") for key in keys}

    def count_uploads(self):
        """Count the uploads in parts that have neither ended nor been given up."""
        found = self.client.list_multipart_uploads(Bucket=BUCKET, Prefix=self.folder)
        return len(found.get("Uploads", []))

    def configure(self, conf):
        """Write what the documentation has people write."""
        settings = {"data": self.address, "credentials": "team"}
        (conf / "globals.yml").write_text(yaml.safe_dump(settings))
        secrets = {"team": self.credentials}
        (conf / "credentials.yml").write_text(yaml.safe_dump(secrets))


@pytest.fixture
def store(tmp_path, credentials):
    return Store(tmp_path.name, credentials)


def load_config(conf):
    return ExperimentConfigLoader(conf, **CONFIG_LOADER_ARGS)


@pytest.fixture
def config(store, tmp_path):
    shutil.copytree(ROOT / "conf/base", tmp_path / "conf/base")
    (tmp_path / "conf/local").mkdir()
    store.configure(tmp_path / "conf/local")
    return load_config(tmp_path / "conf")


@pytest.fixture
def catalog(config):
    return DataCatalog.from_config(config["catalog"], config["credentials"])


# The setting


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
        assert entry["credentials"] is None


def test_the_archive_can_be_elsewhere(config, tmp_path):
    path = tmp_path / "conf/local/globals.yml"
    settings = yaml.safe_load(path.read_text()) | {"archive": {"filepath": "a.tar.gz"}}
    path.write_text(yaml.safe_dump(settings))
    archive = load_config(tmp_path / "conf")["catalog"]["cifar10"]
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
    for name in ("train", "exp0.history", "metrics"):
        with pytest.raises(DatasetError, match="Install s3fs"):
            catalog.get(name)


# Saving and loading


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("train", OLD),
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
    catalog.save("ladder", graph_objects.Figure())
    assert store.get("08_reporting/comparison.png").startswith(b"\x89PNG")
    assert "data" in json.loads(store.get("08_reporting/ladder.json"))


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


# What others write


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


# What goes wrong


@pytest.fixture
def lose_connection(monkeypatch):
    """Have requests of some kinds fail, as botocore says it."""

    def lose(*methods):
        call = s3fs.S3FileSystem._call_s3

        async def call_or_fail(fs, method, *arguments, **options):
            if method in methods:
                raise EndpointConnectionError(endpoint_url="https://example.org")
            return await call(fs, method, *arguments, **options)

        monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", call_or_fail)

    return lose


def test_a_lost_connection_is_no_damage(catalog, lose_connection):
    catalog.save("test", OLD)
    checkpoint = catalog.load("exp0.checkpoint")
    checkpoint.save(STATE)
    lose_connection("get_object")
    for load in (lambda: catalog.load("test"), checkpoint.load):
        with pytest.raises(DatasetError, match="Could not connect") as error:
            load()
        for advice in ("damaged", "Delete", "resume=false"):
            assert advice not in str(error.value)


@pytest.mark.parametrize("parts", [False, True])
def test_a_failed_upload_leaves_the_old_object_and_nothing_else(
    catalog, store, lose_connection, monkeypatch, parts
):
    catalog.save("test", OLD)
    before = store.get("05_model_input/test.npz")
    if parts:
        monkeypatch.setattr(s3fs.core, "calculate_chunksize", lambda *_, **__: 10**5)
        lose_connection("complete_multipart_upload")
    else:
        lose_connection("put_object")
    with pytest.raises(DatasetError, match="Could not connect"):
        catalog.save("test", NEW)
    assert store.get("05_model_input/test.npz") == before
    assert store.list() == {"05_model_input/test.npz"}
    assert store.count_uploads() == 0


KILLED = """
import json, os, signal, sys
import numpy as np, s3fs
from cifar_kedro.datasets import NpzDataset
address, last = sys.argv[1:]
call = s3fs.S3FileSystem._call_s3
async def call_and_die(fs, method, *arguments, **options):
    done = await call(fs, method, *arguments, **options)
    if method == last:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
s3fs.S3FileSystem._call_s3 = call_and_die
if last == "upload_part":
    s3fs.core.calculate_chunksize = lambda *_, **__: 100
dataset = NpzDataset(filepath=address, credentials=json.loads(sys.stdin.read()))
dataset.save({"a": np.zeros(99)})
"""


@pytest.mark.parametrize(
    ("last", "arrived"), [("upload_part", False), ("put_object", True)]
)
def test_a_process_killed_at_an_upload_leaves_one_object(catalog, store, last, arrived):
    catalog.save("test", OLD)
    before = store.get("05_model_input/test.npz")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            KILLED,
            f"{store.address}/05_model_input/test.npz",
            last,
        ],
        input=json.dumps(store.credentials),
        check=False,
        text=True,
        timeout=100,
    )
    assert done.returncode == -signal.SIGKILL
    assert (store.get("05_model_input/test.npz") != before) == arrived
    assert store.list() == {"05_model_input/test.npz"}
    # Parts that nobody sees: the bucket's own rules remove them.
    assert store.count_uploads() == (not arrived)
    catalog.save("test", NEW)
    np.testing.assert_equal(catalog.load("test"), NEW)


def test_a_wrong_secret_is_told_and_never_shown(config, caplog):
    caplog.set_level("DEBUG", logger="kedro")
    wrong = config["credentials"]["team"] | {"secret": "hunter2"}
    catalog = DataCatalog.from_config(config["catalog"], {"team": wrong})
    shown = [repr(catalog)]
    for attempt in (
        lambda: catalog.save("train", OLD),
        lambda: catalog.load("train"),
        lambda: catalog.load("metrics"),
        lambda: catalog.exists("exp0.failure"),
    ):
        with pytest.raises(DatasetError, match=r"Forbidden|signature") as error:
            attempt()
        shown.append(str(error.value))
    assert "05_model_input/seed-0/train.npz" in shown[1]
    assert "hunter2" not in "".join(shown) + caplog.text


def test_a_bucket_that_is_not_there_is_told(store):
    file = NpzDataset(filepath="s3://taem/cifar/a.npz", credentials=store.credentials)
    with pytest.raises(
        DatasetError,
        match=r"written to s3://taem/cifar: .*bucket does not exist.*`data`",
    ):
        file.save(OLD)
    with pytest.raises(DatasetError, match=r"no file at s3://taem/cifar/a\.npz"):
        file.load()


# The archive


@pytest.fixture
def archive(store):
    """Give the bytes of a tiny archive, and the dataset of its place in the bucket."""
    content = gzip.compress(to_tar(list(tiny_members().items())))
    dataset = Cifar10ArchiveDataset(
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


# Whole runs


@pytest.fixture
def shared_project(project, store):
    """Give a copy of the project whose sample environment works in the bucket."""
    store.configure(project / "conf/sample")
    return project


def test_a_run_from_nothing_to_the_report_and_to_own_images(shared_project, store):
    run(shared_project, "exp0", "reporting")
    written = store.list()
    figures = {name for name in written if "report_figures" in name}
    assert {name.split("/")[-1] for name in figures} == REPORT_FIGURES
    assert written - figures == {
        *(f"05_model_input/seed-0/{part}.npz" for part in ("train", "validation")),
        "05_model_input/seed-0/identical_images.json",
        "05_model_input/test.npz",
        *results("exp0"),
        *(f"08_reporting/{name}" for name in REPORT),
    }
    table = pd.read_csv(io.BytesIO(store.get("08_reporting/summary.csv")))
    assert table["status"].tolist() == ["cut short: 1 of up to 500 epochs"]
    image = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(image, "PNG")
    store.put("01_raw/images/red.png", image.getvalue())
    run(shared_project, "classify")
    assert store.list() - written == {
        "01_raw/images/red.png",
        "08_reporting/classify/exp0/seed-0/best/classified_images.csv",
        "08_reporting/classify/exp0/seed-0/best/contact_sheet/page-01.png",
    }
    assert not (shared_project / "data").exists()


def read_history(content):
    return pd.read_csv(content).drop(columns="seconds")


def test_killed_and_resumed_equals_uninterrupted(
    shared_project, store, tmp_path_factory
):
    twin = tmp_path_factory.mktemp("twin")  # on disk
    shutil.copytree(shared_project, twin, dirs_exist_ok=True)
    shutil.copy(ROOT / "conf/sample/globals.yml", twin / "conf/sample/globals.yml")
    assert run_killed(twin)[0] == 0
    status, log = run_killed(shared_project, "batch")
    assert status == -signal.SIGKILL, log
    state = "06_models/exp0/seed-0/checkpoint.npz"
    assert state in store.list()
    status, log = run_killed(shared_project)
    assert status == 0, log
    assert "exp0: resumed after epoch 1" in log
    assert store.credentials["secret"] not in log
    history = "07_model_output/exp0/seed-0/history.csv"
    pd.testing.assert_frame_equal(
        read_history(io.BytesIO(store.get(history))),
        read_history(twin / "data/sample" / history),
    )
    assert state not in store.list()
    assert not any(".tmp-" in name for name in store.list())
