"""Kedro datasets: the CIFAR-10 archive, ``.npz`` arrays, the drawn sample.

Importing this package stays light, because Kedro imports it for every command
that reads the catalog: numpy and fsspec here, pooch only where it fetches.
"""

from .cifar10_archive import Cifar10ArchiveDataset
from .drawn_sample import DrawnSampleDataset
from .npz import NpzDataset

__all__ = ["Cifar10ArchiveDataset", "DrawnSampleDataset", "NpzDataset"]
