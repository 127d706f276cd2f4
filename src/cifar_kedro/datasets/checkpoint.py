"""The place of a training's checkpoint, as the catalog names it."""

from pathlib import Path
from typing import Any, NoReturn

from fsspec.implementations.local import LocalFileSystem

from cifar_kedro.checkpoint import Checkpoint
from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.single_file import SingleFileDataset
from cifar_kedro.training_lock import TrainingLock


class CheckpointDataset(SingleFileDataset[Checkpoint]):
    """Gives a training the place where it keeps its state after each epoch.

    The training itself reads and writes there while it runs, which is why this is an
    input of its node and not an output.
    """

    def __init__(self, *, resume: bool = True, **file: Any) -> None:
        """Describe the place; nothing is opened yet.

        Args:
            resume: Whether a state that is there counts.
            file: What `SingleFileDataset` takes.
        """
        super().__init__(**file)
        storage = {key: file.get(key) for key in ("credentials", "fs_args")}
        local = isinstance(self._fs, LocalFileSystem)
        lock = TrainingLock(Path(f"{self._path}.lock")) if local else None
        self._checkpoint = Checkpoint(file["filepath"], resume, storage, lock)

    def load(self) -> Checkpoint:
        """Return the checkpoint; whether it holds a state is its own to say."""
        return self._checkpoint

    def save(self, data: Any) -> NoReturn:
        """Refuse.

        Raises:
            DatasetError: Always: the training saves its state itself.
        """
        raise DatasetError("A checkpoint is written by its training, not by a node.")
