import subprocess
import sys
import time

import pytest
import side_by_side


def start(code):
    return subprocess.Popen([sys.executable, "-c", code])


def test_tasks_run_side_by_side_and_failures_are_returned():
    running, most = [], 0

    def watch(task):
        nonlocal most
        running.append(start(task))
        most = max(most, sum(process.poll() is None for process in running))
        return running[-1]

    slow = "import time; time.sleep(0.5)"
    tasks = [slow, f"{slow}; 1 / 0", f"{slow} ", f"{slow}  "]
    failed = side_by_side.work_off(tasks, watch, 2, time.monotonic() + 60)
    assert failed == {tasks[1]} and most == 2
    assert [process.returncode for process in running] == [0, 1, 0, 0]


def test_what_runs_at_the_deadline_may_tidy_up_and_counts_as_no_failure(tmp_path):
    code = f"""
import pathlib, time
folder = pathlib.Path({str(tmp_path)!r})
try:
    (folder / "begun").touch()
    time.sleep(60)
finally:
    (folder / "tidied").touch()
"""
    started = []

    def wait_until_begun(task):
        started.append(start(task))
        while not (tmp_path / "begun").exists():
            time.sleep(0.05)
        return started[-1]

    tasks = [code, "never started"]
    limits = 1, time.monotonic() + 1
    assert side_by_side.work_off(tasks, wait_until_begun, *limits) == set()
    assert len(started) == 1 and started[0].returncode is not None
    assert (tmp_path / "tidied").exists()


def test_what_does_not_end_is_killed(monkeypatch, tmp_path):
    monkeypatch.setattr(side_by_side, "GRACE_SECONDS", 0.2)
    code = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout.readline()
    process.stdout.close()
    side_by_side.stop([process])
    assert process.returncode == -9


def test_nothing_starts_after_the_deadline():
    started = side_by_side.work_off(["a"], pytest.fail, 1, time.monotonic() - 1)
    assert started == set()
