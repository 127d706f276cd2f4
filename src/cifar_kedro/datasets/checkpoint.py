"""The place of a training's checkpoint, as the catalog names it."""

from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from cifar_kedro.checkpoint import Checkpoint


class CheckpointDataset(AbstractDataset[Any, Checkpoint]):
    """Gives a training the place where it keeps its state after each epoch.

    The training itself reads and writes there while it runs, which is why this is an
    input of its node and not an output.
    """

    def __init__(
        self,
        *,
        filepath: str,
        resume: bool = True,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Describe the place; nothing is opened yet.

        Args:
            filepath: Local path, or any address that fsspec understands.
            resume: Whether a state that is there counts.
            credentials: Given to the file system; not shown in logs.
            fs_args: Further arguments of the file system.
            metadata: Ignored here; for people and plugins.
        """
        storage = {"credentials": credentials, "fs_args": fs_args}
        self._checkpoint = Checkpoint(filepath, resume, storage)
        self.metadata = metadata

    def load(self) -> Checkpoint:
        """Return the checkpoint; whether it holds a state is its own to say."""
        return self._checkpoint

    def save(self, data: Any) -> NoReturn:
        """Refuse.

        Raises:
            DatasetError: Always: the training saves its state itself.
        """
        raise DatasetError("A checkpoint is written by its training, not by a node.")

    def _exists(self) -> bool:
        return self._checkpoint.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._checkpoint.filepath}
