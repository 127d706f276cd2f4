"""The same file of every run that has it."""

import logging
import re
from typing import Any

from kedro_datasets.partitions import PartitionedDataset

logger = logging.getLogger(__name__)

_RUN = re.compile(r"\w+/seed-\d+")


class FileOfEachRunDataset(PartitionedDataset):
    """A `PartitionedDataset` that may be empty, because nothing has run or failed yet."""

    def load(self) -> dict[str, Any]:
        """Find the runs.

        Returns:
            A function that loads the file, by run (``exp9/seed-0``). Other folders are left
            out with a warning, such as somebody's copy of a run.
        """
        self.release()  # it would remember the runs of an earlier load
        found: dict[str, Any] = super().load() if self._exists() else {}
        runs = {name: load for name, load in found.items() if _RUN.fullmatch(name)}
        if others := sorted(found.keys() - runs.keys()):
            logger.warning(
                "Left out, because these folders are not named like a run (exp9/seed-0): %s",
                ", ".join(others),
            )
        return runs
