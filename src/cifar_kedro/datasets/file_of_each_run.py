"""One file of every run that has it."""

from typing import Any

from kedro_datasets.partitions import PartitionedDataset


class FileOfEachRunDataset(PartitionedDataset):
    """A `PartitionedDataset` that may be empty: nothing has run yet, nothing failed."""

    def load(self) -> dict[str, Any]:
        """Find the runs.

        Returns:
            A function that loads the file, by run (``exp9/seed-0``).
        """
        self.release()  # of an earlier load, it remembers what was there
        return super().load() if self._exists() else {}
