"""The state of a training between two epochs, so that it survives whatever ends it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import SoftFileLock, Timeout
from fsspec.implementations.local import LocalFileSystem
from kedro.io import DatasetError

from cifar_kedro.datasets.addresses import hide_secrets
from cifar_kedro.datasets.npz import DamagedFileError, NpzDataset
from cifar_kedro.datasets.replacing import make_folder
from cifar_kedro.differences import find_differences

AFRESH = "To start afresh: --params resume=false"


@dataclass(frozen=True)
class TrainingState:
    """All that a training needs to go on as if it had never stopped.

    Attributes:
        variables: Of network, augmentation and optimizer: weights, moments, learning
            rate, states of random generators.
        best_weights: Of the network, at its best val_accuracy.
        history: One row per completed epoch.
        counters: Of each callback that steers the training, in their order.
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

    Attributes:
        filepath: Local path, or any address that fsspec understands.
        resume: Whether a state that is there counts.
        storage: Further arguments of the file system (credentials).
        origin: What the training comes from (parameters, data, versions), as JSON can
            hold it. A state of another origin is refused.
    """

    filepath: str = field(repr=False)  # it may hold a password
    resume: bool = True
    storage: dict[str, Any] = field(default_factory=dict, repr=False)
    origin: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def _file(self) -> NpzDataset:
        return NpzDataset(filepath=self.filepath, **self.storage)

    def save(self, state: TrainingState) -> None:
        """Replace the state."""
        fields = vars(state) | {"origin": self.origin}
        arrays = {
            f"{name}_{index}": array
            for name in ("variables", "best_weights")
            for index, array in enumerate(fields.pop(name))
        }
        text = np.frombuffer(json.dumps(fields).encode(), np.uint8)
        self._file.save(arrays | {"text": text})

    def load(self) -> TrainingState | None:
        """Read the state, if there is one and it is to be resumed.

        Raises:
            DatasetError: If the state can't be read, is damaged, or of another origin;
                of the last two the message tells how to start afresh.
        """
        if not self.resume or not self.exists():
            return None
        try:
            arrays = self._file.load()
            fields = json.loads(arrays.pop("text").tobytes())
            for name in ("variables", "best_weights"):
                count = sum(key.startswith(name) for key in arrays)
                fields[name] = [arrays[f"{name}_{index}"] for index in range(count)]
            # A state of an earlier version says nothing of the environment.
            before = {"environment": self.origin.get("environment")}
            before |= fields.pop("origin")
            state = TrainingState(**fields)
        except (DamagedFileError, KeyError, TypeError, ValueError) as error:
            raise DatasetError(
                f"{hide_secrets(self.filepath)} is no state of a training ({error}). {AFRESH}"
            ) from error
        if changes := find_differences(before, json.loads(json.dumps(self.origin))):
            named = "; ".join(f"{k} was {v}, is {w}" for k, (v, w) in changes.items())
            raise DatasetError(
                f"{hide_secrets(self.filepath)} is the state of another training, of "
                f"which {len(state.history)} epochs are done. Changed since: {named}. Undo that "
                f"to go on. {AFRESH}"
            )
        return state

    def exists(self) -> bool:
        """Tell whether there is a state."""
        return bool(self._file.exists())

    def delete(self) -> None:
        """Remove the state, if there is one."""
        file_system, path = self._file.storage
        if file_system.exists(path):
            file_system.rm(path)

    @contextmanager
    def claim(self) -> Iterator[None]:
        """Claim this training for this process while the block runs.

        The claim of a process that died does not count, if it was one of this machine. In
        a store that is no file system nothing is claimed.

        Raises:
            DatasetError: If another process, which lives or is of another machine, has
                claimed it, or if nothing can be written there.
        """
        file_system, path = self._file.storage
        if not isinstance(file_system, LocalFileSystem):
            yield
            return
        make_folder(Path(path).parent)
        lock = SoftFileLock(f"{path}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise DatasetError(
                f"{_name_owner(Path(lock.lock_file))} is at the same experiment and seed. "
                "Wait until it has ended, or choose another seed: --params seed=1. If that "
                f"process is gone with its machine or container, delete {lock.lock_file}"
            ) from error
        try:
            yield
        finally:
            lock.release()


def _name_owner(lock_file: Path) -> str:
    """Name a process and its machine, which filelock writes into the first two lines.

    A file can be empty, after a crash, or let go and deleted by now.
    """
    try:
        pid, machine, *_ = lock_file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return "an unknown process"
    return f"process {pid} on {machine}"
