"""The state of a training between two epochs, so that it survives whatever ends it."""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from kedro.io import DatasetError

from cifar_kedro.datasets.addresses import hide_secrets
from cifar_kedro.datasets.npz import DamagedFileError, NpzDataset
from cifar_kedro.differences import find_differences
from cifar_kedro.training_lock import TrainingLock

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
        lock: Keeps others away from this training; None in a store that is no file
            system.
        origin: What the training comes from (parameters, data, versions), as JSON can
            hold it. A state of another origin is refused.
    """

    filepath: str = field(repr=False)  # it may hold a password
    resume: bool = True
    storage: dict[str, Any] = field(default_factory=dict, repr=False)
    lock: TrainingLock | None = field(default=None, repr=False, compare=False)
    origin: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def _file(self) -> NpzDataset:
        return NpzDataset(filepath=self.filepath, **self.storage)

    def save(self, state: TrainingState) -> None:
        """Replace the state.

        Raises:
            LockLostError: If this training is another process's by now.
        """
        self._check_lock()
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
        """Remove the state, if there is one.

        Raises:
            LockLostError: If this training is another process's by now.
        """
        self._check_lock()
        file_system, path = self._file.storage
        if file_system.exists(path):
            file_system.rm(path)

    def _check_lock(self) -> None:
        if self.lock:
            self.lock.check()
