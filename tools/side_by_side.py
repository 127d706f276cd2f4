"""Processes side by side, until a deadline."""

import signal
import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

Task = TypeVar("Task")

GRACE_SECONDS = 20  # a process that is told to end may take so long


def work_off(
    tasks: list[Task],
    start: Callable[[Task], subprocess.Popen[bytes]],
    at_once: int,
    deadline: float,
) -> set[Task]:
    """Work off tasks in their order, several at a time. Stop what runs at the deadline.

    Args:
        tasks: What to start.
        start: Starts the process of one.
        at_once: How many run at a time.
        deadline: As `time.monotonic` counts.

    Returns:
        The tasks whose process failed by itself.
    """
    waiting = list(tasks)
    failed: set[Task] = set()
    running: dict[Task, subprocess.Popen[bytes]] = {}
    try:
        while (waiting or running) and time.monotonic() < deadline:
            while waiting and len(running) < at_once:
                task = waiting.pop(0)
                running[task] = start(task)
            time.sleep(0.2)
            ended = [task for task, p in running.items() if p.poll() is not None]
            failed |= {task for task in ended if running.pop(task).returncode}
    finally:
        stop(list(running.values()))
    return failed


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """End processes as Ctrl-C does, so that they can tidy up. Kill what takes too long."""
    for process in processes:
        process.send_signal(signal.SIGINT)
    until = time.monotonic() + GRACE_SECONDS
    for process in processes:
        try:
            process.wait(max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
