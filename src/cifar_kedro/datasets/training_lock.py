"""The lock on a training: one process at a time, and it frees itself."""

import atexit
import logging
import os
import secrets
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import SoftFileLease, Timeout

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.atomic_write import make_folder

logger = logging.getLogger(__name__)

# An owner renews its lock after each heartbeat. Not renewed for a lease, it is free.
HEARTBEAT_SECONDS = 10
LEASE_SECONDS = 60

_POLL_SECONDS = 1


class LockLostError(DatasetError):
    """Another process has taken the lock. This one must not write any more."""


class TrainingLock:
    """A file beside a training's state. It names the process that trains.

    The lock of a dead process on this machine is free at once. For another machine nobody
    can tell whether a process lives. So the owner renews its lock while it lives. Whoever
    wants the lock watches the file by its own clock: the machines' clocks may differ.
    """

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is locked yet."""
        self._path = path
        self._lease: SoftFileLease | None = None
        self._seen: tuple[tuple[int, int], float] | None = None

    def try_to_acquire(self) -> bool:
        """Try once.

        Returns:
            Whether this process has the lock now. If not, the owner may be gone: try again.

        Raises:
            DatasetError: If the owner lives, or nothing can be written there.
        """
        if self._lease and self._lease.is_locked:
            raise self._refuse()
        if self._lease is None:  # once: a lease remembers since when it watches
            make_folder(self._path.parent)
            self._lease = SoftFileLease(
                self._path,
                lease_duration=LEASE_SECONDS,
                heartbeat_interval=HEARTBEAT_SECONDS,
                thread_local=False,
            )
        try:
            self._lease.acquire(timeout=0)
        except Timeout:
            if self._owner_lives():
                raise self._refuse() from None
            return False
        self._seen = None
        atexit.register(self.release)  # Ctrl-C ends a run without telling its hooks
        return True

    def release(self) -> None:
        """Release the lock, if this process has it."""
        atexit.unregister(self.release)
        if self._lease:
            self._lease.release()
        self._lease = self._seen = None

    def check(self) -> None:
        """Make sure that this process still has a lock that it acquired.

        A process may be suspended, or lose its connection to the disk. Meanwhile another
        process may take the lock.

        Raises:
            LockLostError: If another process has it, or if the file is gone.
        """
        if self._lease is None or self._is_ours():
            return
        time.sleep(_POLL_SECONDS)  # while another looks at the file, it may be away
        if not self._is_ours():
            raise LockLostError(
                f"This process lost the lock {self._path}. Now it belongs to "
                f"{self._name_owner()}. This process was suspended, or could not reach the "
                f"disk, for over {LEASE_SECONDS} s; or someone deleted the file. It ends "
                "here and writes nothing more. Once no other process trains this "
                "experiment and seed, the same command goes on."
            )

    def _is_ours(self) -> bool:
        assert self._lease
        owner = self._lease.owner
        return owner is not None and owner.token == self._lease.token

    def _owner_lives(self) -> bool:
        """Tell whether the owner lives. Free the lock if it has shown no life."""
        assert self._lease
        if (mark := _read_mark(self._path)) is None:
            return False  # released meanwhile
        if self._seen is None:
            self._seen = mark, time.monotonic()
            logger.info(
                "%s holds the lock %s: waiting for a sign of life, at most %d s",
                self._name_owner(),
                self._path,
                LEASE_SECONDS,
            )
        seen, since = self._seen
        owner = self._lease.owner
        here = owner is not None and owner.hostname == socket.gethostname()
        if mark != seen or here or self._lease.is_lock_held_by_us:
            return True
        if time.monotonic() - since < LEASE_SECONDS + 2 * _POLL_SECONDS:
            return False
        if owner is None:  # an earlier version made it, and renewed nothing
            return True
        _break(self._path, mark)
        return False

    def _refuse(self) -> DatasetError:
        remedy = ""
        if self._lease and not self._lease.owner and self._path.exists():
            remedy = (
                " An earlier version locked it, and nothing tells whether it still runs. "
                f"If it is gone with its machine or container, delete {self._path}"
            )
        return DatasetError(
            f"{self._name_owner()} trains the same experiment and seed. Wait until it has "
            f"ended, or choose another seed: --params seed=1.{remedy}"
        )

    def _name_owner(self) -> str:
        """Name a process and its machine."""
        if self._lease and (owner := self._lease.owner):
            return f"process {owner.pid} on {owner.hostname}"
        # Earlier versions wrote both into the first two lines. A crash leaves no lines.
        with suppress(OSError, ValueError):
            pid, machine, *_ = self._path.read_text(encoding="utf-8").splitlines()
            return f"process {pid} on {machine}"
        return "an unknown process"


@contextmanager
def hold_locks(locks: Iterable[TrainingLock]) -> Iterator[None]:
    """Hold several locks while the block runs: all of them, or none.

    If several owners are gone, it waits for all of their locks at the same time.

    Raises:
        DatasetError: If the owner of one lives, or nothing can be written there.
    """
    with ExitStack() as held:
        waiting = list(locks)
        for lock in waiting:
            held.callback(lock.release)
        while waiting := [lock for lock in waiting if not lock.try_to_acquire()]:
            time.sleep(_POLL_SECONDS)
        yield


def _read_mark(path: Path) -> tuple[int, int] | None:
    """Read what changes with each renewal or new owner. None without a lock."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _break(path: Path, mark: tuple[int, int]) -> None:
    """Free a lock that was not renewed, where filelock can't: on NFS and the like.

    Two processes may do so at once. Then the second may move away the new lock of the
    first. It puts that lock back.
    """
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with suppress(OSError):
        path.rename(aside)
        if _read_mark(aside) != mark:
            os.link(aside, path)
        aside.unlink()
