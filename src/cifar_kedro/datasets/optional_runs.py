"""One file of every run that has it."""

from typing import Any

from kedro_datasets.partitions import PartitionedDataset


class OptionalRunsDataset(PartitionedDataset):
    """A `PartitionedDataset` that may be empty: not every run has such a file."""

    def load(self) -> dict[str, Any]:
        """Find the files.

        Returns:
            A function that loads the file, by run (``exp9/seed-0``).
        """
        return super().load() if self._exists() else {}
