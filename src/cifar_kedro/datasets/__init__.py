"""Kedro datasets: raw data sets, arrays, images, models, runs.

Importing this package stays light, because Kedro imports it for every command
that reads the catalog: numpy and fsspec here, pooch and keras where they are used.
"""

import fsspec.config

from cifar_kedro.datasets.archive import CifarArchiveDataset
from cifar_kedro.datasets.arrays import ArraysDataset
from cifar_kedro.datasets.digits import DigitsDataset
from cifar_kedro.datasets.image_folder import ImageFolderDataset
from cifar_kedro.datasets.keras_model import KerasModelDataset
from cifar_kedro.datasets.labelled_folder import LabelledFolderDataset
from cifar_kedro.datasets.npz import NpzDataset, OptionalNpzDataset
from cifar_kedro.datasets.parquet import ParquetDataset
from cifar_kedro.datasets.runs import FileOfEachRunDataset

__all__ = [
    "ArraysDataset",
    "CifarArchiveDataset",
    "DigitsDataset",
    "FileOfEachRunDataset",
    "ImageFolderDataset",
    "KerasModelDataset",
    "LabelledFolderDataset",
    "NpzDataset",
    "OptionalNpzDataset",
    "ParquetDataset",
]

# Other machines write to the same store: a listing that was kept would hide what they
# wrote since, and give old sizes of what they replaced.
fsspec.config.conf.setdefault("s3", {}).setdefault("use_listings_cache", False)
