"""Where a training keeps its state, so that it can be resumed."""

import json
import logging
import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from fsspec.implementations.local import LocalFileSystem

from cifar_kedro.config.differences import find_differences
from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.base import SingleFileDataset, hide_secrets
from cifar_kedro.datasets.npz import DamagedFileError, NpzDataset
from cifar_kedro.datasets.training_lock import TrainingLock

logger = logging.getLogger(__name__)


SCRATCH = "To start from scratch: --params resume=false"


# Beside the checkpoint: the state of a training that `max_epochs` ended.
BOUNDED = "ended_at_bound.npz"

# The key in the file. Earlier versions wrote this word, and their states still count.
FINGERPRINT = "origin"


@dataclass(frozen=True)
class TrainingState:
    """All that a training needs to go on as if it had never stopped.

    Attributes:
        variables: The variables of network, augmentation and optimizer: weights, moments,
            learning rate, states of random generators.
        best_weights: The network's weights at its best val_accuracy.
        history: One row per completed epoch.
        counters: The counters of each schedule and stopper, in their order.
        stopped: Whether a callback has ended the training.
    """

    variables: list[np.ndarray]
    best_weights: list[np.ndarray]
    history: list[dict[str, float]]
    counters: list[dict[str, Any]]
    stopped: bool


@dataclass(frozen=True)
class Checkpoint:
    """Where one training keeps its state: one file, replaced in one step.

    `max_epochs` may end a training. When its run has ended well, the state moves to a
    second file. A run with a larger `max_epochs` goes on from there.

    Attributes:
        filepath: Local path, or any address that fsspec understands.
        resume: Whether to go on from a state that is there.
        storage: Further arguments of the file system (credentials).
        lock: Keeps other processes away from this training. None in a store that is no
            file system.
        fingerprint: What the state depends on: parameters, data, versions, as JSON can
            hold them. A state with another fingerprint is refused.
    """

    filepath: str = field(repr=False)  # it may hold a password
    resume: bool = True
    storage: dict[str, Any] = field(default_factory=dict, repr=False)
    lock: TrainingLock | None = field(default=None, repr=False, compare=False)
    fingerprint: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def _file(self) -> NpzDataset:
        return NpzDataset(filepath=self.filepath, **self.storage)

    @property
    def _bounded(self) -> NpzDataset:
        folder = posixpath.dirname(self.filepath)
        return NpzDataset(filepath=posixpath.join(folder, BOUNDED), **self.storage)

    def save(self, state: TrainingState) -> None:
        """Replace the state.

        Raises:
            LockLostError: If another process has taken the lock.
        """
        self._check_lock()
        fields = vars(state) | {FINGERPRINT: self.fingerprint}
        arrays = {
            f"{name}_{index}": array
            for name in ("variables", "best_weights")
            for index, array in enumerate(fields.pop(name))
        }
        text = np.frombuffer(json.dumps(fields).encode(), np.uint8)
        self._file.save(arrays | {"text": text})

    def load(self) -> TrainingState | None:
        """Read the state of an interrupted run, if there is one and `resume` is set.

        Raises:
            DatasetError: If the state can't be read, is damaged, or is another training's.
                In the last two cases the message says how to start from scratch.
        """
        if not self.resume or not self.exists():
            return None
        try:
            state, changes = self._read(self._file)
        except (DamagedFileError, KeyError, TypeError, ValueError) as error:
            raise DatasetError(
                f"{hide_secrets(self.filepath)} is no state of a training ({error}). {SCRATCH}"
            ) from error
        if changes:
            raise DatasetError(
                f"{hide_secrets(self.filepath)} is the state of another training. Of that, "
                f"{len(state.history)} epochs are done. Changed since: {changes}. Undo "
                f"that to go on. {SCRATCH}"
            )
        return state

    def load_bounded(
        self, epochs: int, shapes: list[tuple[int, ...]]
    ) -> TrainingState | None:
        """Read the state of a training that `max_epochs` ended, if this run goes on.

        A state that a finished run left never stops another run. If this run does not
        go on from it, the log says why.

        Args:
            epochs: How many epochs this run may train, those done before included.
            shapes: Shapes of this run's variables. Changed code may have changed them.

        Raises:
            DatasetError: If the state can't be read, but may be whole.
        """
        if not self.resume or not self._bounded.exists():
            return None
        try:
            state, changes = self._read(self._bounded)
        except (DamagedFileError, KeyError, TypeError, ValueError) as error:
            logger.warning("Training from scratch: %s is damaged: %s", BOUNDED, error)
            return None
        done = len(state.history)
        earlier = f"an earlier run ended at its max_epochs, after {done} epochs"
        if changes:
            reason = f"changed since: {changes}"
        elif [array.shape for array in state.variables] != shapes:
            reason = "it had another network"
        elif epochs <= done:
            reason = f"this one ends at {epochs}"
        else:
            logger.info("Going on where %s. %s", earlier, SCRATCH)
            return state
        logger.info("Training from scratch: %s; %s", earlier, reason)
        return None

    def _read(self, file: NpzDataset) -> tuple[TrainingState, str]:
        """Read a state, and name what has changed in its fingerprint since."""
        arrays = file.load()
        fields = json.loads(arrays.pop("text").tobytes())
        for name in ("variables", "best_weights"):
            count = sum(key.startswith(name) for key in arrays)
            fields[name] = [arrays[f"{name}_{index}"] for index in range(count)]
        # States of earlier versions do not have the environment.
        before = {"environment": self.fingerprint.get("environment")}
        before |= fields.pop(FINGERPRINT)
        changes = find_differences(before, json.loads(json.dumps(self.fingerprint)))
        named = "; ".join(f"{k} was {v}, is {w}" for k, (v, w) in changes.items())
        return TrainingState(**fields), named

    def exists(self) -> bool:
        """Tell whether there is the state of an interrupted run."""
        return bool(self._file.exists())

    def delete(self) -> None:
        """Remove all states.

        Raises:
            LockLostError: If another process has taken the lock.
        """
        self._check_lock()
        for file in (self._file, self._bounded):
            file_system, path = file.storage
            if file_system.exists(path):
                file_system.rm(path)

    def keep_bounded(self) -> None:
        """Move the state of a training that `max_epochs` ended to its second file.

        Raises:
            LockLostError: If another process has taken the lock.
        """
        self._check_lock()
        file_system, path = self._file.storage
        target = self._bounded.storage[1]
        if not isinstance(file_system, LocalFileSystem):
            file_system.mv(path, target)
        else:
            Path(path).replace(target)  # in one step

    def _check_lock(self) -> None:
        if self.lock:
            self.lock.check()


class CheckpointDataset(SingleFileDataset[Checkpoint]):
    """Gives a training the place where it keeps its state after each epoch.

    The training reads and writes there while it runs. So the checkpoint is an input of
    its node, not an output.
    """

    def __init__(self, *, resume: bool = True, **file: Any) -> None:
        """Describe the place; nothing is opened yet.

        Args:
            resume: Whether to go on from a state that is there.
            file: What `SingleFileDataset` takes.
        """
        super().__init__(**file)
        storage = {key: file.get(key) for key in ("credentials", "fs_args")}
        local = isinstance(self._fs, LocalFileSystem)
        lock = TrainingLock(Path(f"{self._path}.lock")) if local else None
        self._checkpoint = Checkpoint(file["filepath"], resume, storage, lock)

    def load(self) -> Checkpoint:
        """Return the checkpoint, with or without a state."""
        return self._checkpoint

    def save(self, data: Any) -> NoReturn:
        """Refuse.

        Raises:
            DatasetError: Always: the training saves its state itself.
        """
        raise DatasetError("A checkpoint is written by its training, not by a node.")
