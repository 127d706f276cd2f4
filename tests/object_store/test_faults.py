"""Lost connections, killed uploads, wrong credentials."""

import json
import signal
import subprocess
import sys

import numpy as np
import pytest
import s3fs
from botocore.exceptions import EndpointConnectionError
from kedro.io import DataCatalog, DatasetError

from cifar_kedro.datasets import NpzDataset
from tests.helpers.checkpoints import STATE
from tests.helpers.images import make_images

OLD, NEW = make_images(20), make_images(30)


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
        lambda: catalog.save("test", OLD),
        lambda: catalog.load("test"),
        lambda: catalog.load("metrics"),
        lambda: catalog.exists("exp0.failure"),
    ):
        with pytest.raises(DatasetError, match=r"Forbidden|signature") as error:
            attempt()
        shown.append(str(error.value))
    assert "05_model_input/test.npz" in shown[1]
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
