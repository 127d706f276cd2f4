"""One file of every run that has it."""

import logging
import re
from typing import Any

from kedro_datasets.partitions import PartitionedDataset

logger = logging.getLogger(__name__)

_RUN = re.compile(r"\w+/seed-\d+")


class FileOfEachRunDataset(PartitionedDataset):
    """A `PartitionedDataset` that may be empty: nothing has run yet, nothing failed."""

    def load(self) -> dict[str, Any]:
        """Find the runs.

        Returns:
            A function that loads the file, by run (``exp9/seed-0``). Other folders, such
            as a copy that someone keeps beside, are left out, with a warning.
        """
        self.release()  # of an earlier load, it remembers what was there
        found: dict[str, Any] = super().load() if self._exists() else {}
        runs = {name: load for name, load in found.items() if _RUN.fullmatch(name)}
        if others := sorted(found.keys() - runs.keys()):
            logger.warning(
                "left out, as they are not named as runs are (exp9/seed-0): %s",
                ", ".join(others),
            )
        return runs
