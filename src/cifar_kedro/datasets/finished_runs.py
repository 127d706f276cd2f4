"""One file of every run that has finished."""

from typing import Any

from kedro.io import DatasetError
from kedro_datasets.partitions import PartitionedDataset


class FinishedRunsDataset(PartitionedDataset):
    """A `PartitionedDataset` that says what to do when nothing has run yet."""

    def load(self) -> dict[str, Any]:
        """Find the runs.

        Returns:
            A function that loads the file, by run (``exp9/seed-0``).

        Raises:
            DatasetError: If there is none.
        """
        if not self._exists():
            raise DatasetError(
                f"Nothing has run yet: no *{self._filename_suffix} under {self._path}. Run "
                "an experiment first, in the same environment: kedro run --pipelines exp0"
            )
        runs: dict[str, Any] = super().load()
        return runs
