import multiprocessing
import os
import signal
import socket
import time

import numpy as np
import pytest
from filelock import _soft
from kedro.io import DatasetError

from cifar_kedro.datasets import training_lock
from cifar_kedro.datasets.checkpoint import Checkpoint, TrainingState
from cifar_kedro.datasets.training_lock import LockLostError, TrainingLock, hold_locks

SPAWN = multiprocessing.get_context("spawn")
STATE = TrainingState([np.float32([1])], [], [{"epoch": 1}], [], False)


def make_quick(host=None):
    """Let locks expire soon, and this process be on another machine."""
    training_lock.HEARTBEAT_SECONDS = 0.2
    training_lock.LEASE_SECONDS = 1.5
    training_lock._POLL_SECONDS = 0.1
    if host:
        socket.gethostname = lambda: host


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    for name in ("HEARTBEAT_SECONDS", "LEASE_SECONDS", "_POLL_SECONDS"):
        monkeypatch.setattr(training_lock, name, getattr(training_lock, name))
    make_quick()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run/checkpoint.npz.lock"


def hold_and_save(path, host, ready, go, outcome):
    """Hold a lock as a process of another machine; save once `go` is set."""
    make_quick(host)
    lock = TrainingLock(path)
    with hold_locks([lock]):
        ready.set()
        go.wait()
        try:
            Checkpoint(str(path.with_suffix("")), lock=lock).save(STATE)
        except LockLostError as error:
            outcome.put(str(error))
        else:
            outcome.put("saved")


def acquire(path):
    """Try to hold a lock, and let it go."""
    with hold_locks([TrainingLock(path)]):
        pass


@pytest.fixture
def owner(path):
    """Start a process of another machine that holds the lock."""
    ready, go, outcome = SPAWN.Event(), SPAWN.Event(), SPAWN.Queue()
    arguments = (path, "elsewhere", ready, go, outcome)
    process = SPAWN.Process(target=hold_and_save, args=arguments)
    process.start()
    assert ready.wait(60)
    process.go, process.outcome = go, outcome
    yield process
    process.kill()
    process.join()


def test_a_lock_has_one_owner_and_goes_with_it(path):
    with hold_locks([TrainingLock(path)]):
        name = rf"^process {os.getpid()} on \S+ trains the same .* --params seed=1\.$"
        with pytest.raises(DatasetError, match=name):
            acquire(path)
    assert list(path.parent.iterdir()) == []
    with hold_locks([other := TrainingLock(path)]):
        other.check()
        with pytest.raises(DatasetError, match="trains the same"):
            other.try_to_acquire()


def test_all_locks_are_held_or_none(path):
    free, taken = path.with_name("a"), path.with_name("b")
    with hold_locks([TrainingLock(taken)]):
        with pytest.raises(DatasetError):
            with hold_locks([TrainingLock(free), TrainingLock(taken)]):
                pass
        assert list(path.parent.iterdir()) == [taken]


def test_a_living_owner_on_another_machine_is_named_after_a_heartbeat(path, owner):
    before = time.monotonic()
    with pytest.raises(DatasetError, match=rf"^process {owner.pid} on elsewhere"):
        acquire(path)
    assert time.monotonic() - before < training_lock.LEASE_SECONDS
    owner.go.set()
    assert owner.outcome.get(timeout=60) == "saved"


def test_the_lock_of_a_process_killed_elsewhere_expires(path, owner, caplog):
    caplog.set_level("INFO")
    owner.kill()
    owner.join()
    before = time.monotonic()
    lock = TrainingLock(path)
    with hold_locks([lock]):
        assert time.monotonic() - before >= training_lock.LEASE_SECONDS
        lock.check()
    assert f"process {owner.pid} on elsewhere holds the lock {path}" in caplog.text


def test_locks_left_together_expire_together(path):
    paths = [path.with_name(f"{n}.lock") for n in range(4)]
    path.parent.mkdir()
    for number, one in enumerate(paths):
        fields = f"pid=7\nhost=gone\nmode=lease\ntoken={number}\nduration=1.5\n"
        one.write_text(f"filelock/2\n{fields}")
    before = time.monotonic()
    with hold_locks(map(TrainingLock, paths)):
        assert time.monotonic() - before < 2 * training_lock.LEASE_SECONDS


def test_where_names_cannot_be_exchanged_a_lock_expires_too(path, owner, monkeypatch):
    monkeypatch.setattr(_soft, "exchange_names", lambda *_: False)  # as NFS answers
    owner.kill()
    owner.join()
    lock = TrainingLock(path)
    with hold_locks([lock]):
        lock.check()
        assert list(path.parent.iterdir()) == [path]
    assert list(path.parent.iterdir()) == []


def test_of_two_that_break_a_lock_the_second_leaves_the_first_ones(path):
    with hold_locks([lock := TrainingLock(path)]):
        training_lock._break(path, (1, 1))  # its mark before the first came
        lock.check()
        assert list(path.parent.iterdir()) == [path]


def test_one_who_was_suspended_writes_nothing_over_the_next_one(path, owner):
    os.kill(owner.pid, signal.SIGSTOP)
    lock = TrainingLock(path)
    with hold_locks([lock]):
        os.kill(owner.pid, signal.SIGCONT)
        owner.go.set()
        message = owner.outcome.get(timeout=60)
        assert message.startswith(f"This process lost the lock {path}. Now it")
        assert str(os.getpid()) in message
        assert not path.with_suffix("").exists()
        owner.join()
        lock.check()  # nor has it taken the lock away on leaving


def test_a_suspended_owner_whom_nobody_followed_goes_on(path, owner):
    os.kill(owner.pid, signal.SIGSTOP)
    time.sleep(2 * training_lock.LEASE_SECONDS)
    os.kill(owner.pid, signal.SIGCONT)
    owner.go.set()
    assert owner.outcome.get(timeout=60) == "saved"


def test_a_lock_that_someone_deleted_is_lost(path):
    with hold_locks([lock := TrainingLock(path)]):
        path.unlink()
        with pytest.raises(LockLostError, match="someone deleted the file"):
            lock.check()


def hold_forever(path, ready):
    with hold_locks([TrainingLock(path)]):
        ready.set()
        signal.pause()


def test_the_lock_of_a_dead_process_of_this_machine_is_free_at_once(path):
    training_lock.LEASE_SECONDS = 60  # as in the other process
    ready = SPAWN.Event()
    owner = SPAWN.Process(target=hold_forever, args=(path, ready))
    owner.start()
    assert ready.wait(60)
    owner.kill()
    owner.join()
    before = time.monotonic()
    with hold_locks([TrainingLock(path)]):
        assert time.monotonic() - before < 5


@pytest.mark.parametrize(
    ("content", "name"),
    [("7\nc0ffee\n1234\n", "process 7 on c0ffee"), ("", "an unknown process")],
)
def test_the_lock_of_an_earlier_version_is_named_with_what_to_do(path, content, name):
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(DatasetError) as error:
        acquire(path)
    assert str(error.value).startswith(f"{name} trains the same experiment and seed.")
    assert str(error.value).endswith(f"its machine or container, delete {path}")
