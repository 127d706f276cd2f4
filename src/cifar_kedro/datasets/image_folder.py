"""The image files of a folder."""

from pathlib import PurePosixPath
from typing import Any

from kedro_datasets.partitions import PartitionedDataset

from cifar_kedro.config.errors import DatasetError


class ImageFolderDataset(PartitionedDataset):
    """A `PartitionedDataset` of whatever files people keep their images in.

    Hidden files (``.DS_Store``) are no one's images and are passed over.
    """

    def load(self) -> dict[str, Any]:
        """Find the files, in the folder and its subfolders.

        Returns:
            A function that loads the file, by its path within the folder, sorted.

        Raises:
            DatasetError: If there is no such folder, or no file in it.
        """
        remedy = "Put your images there, or name their folder: --params classify.images=FOLDER"
        if not self._filesystem.isdir(self._normalized_path):
            raise DatasetError(f"There is no folder {self._path}. {remedy}")
        found = super().load() if self._exists() else {}
        files = {
            name: load
            for name, load in found.items()
            if not any(part.startswith(".") for part in PurePosixPath(name).parts)
        }
        if not files:
            raise DatasetError(f"There are no images in {self._path}. {remedy}")
        return files
