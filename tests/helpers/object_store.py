"""A bucket of an S3 server, and the project's catalog in it."""

import boto3
import yaml

from cifar_kedro.config.loader import ExperimentConfigLoader
from cifar_kedro.settings import CONFIG_LOADER_ARGS

BUCKET = "team"


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


def load_config(conf):
    return ExperimentConfigLoader(conf, **CONFIG_LOADER_ARGS)
