"""An S3 server on this machine, and the project's own catalog against it."""

import json
import shutil

import boto3
import moto
import pytest
from kedro.io import DataCatalog
from moto.server import ThreadedMotoServer

from tests.helpers.object_store import BUCKET, Store, load_config
from tests.helpers.paths import ROOT

EVERYTHING = [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]


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


@pytest.fixture
def store(tmp_path, credentials):
    return Store(tmp_path.name, credentials)


@pytest.fixture
def config(store, tmp_path):
    shutil.copytree(ROOT / "conf/base", tmp_path / "conf/base")
    (tmp_path / "conf/local").mkdir()
    store.configure(tmp_path / "conf/local")
    return load_config(tmp_path / "conf")


@pytest.fixture
def catalog(config):
    return DataCatalog.from_config(config["catalog"], config["credentials"])
