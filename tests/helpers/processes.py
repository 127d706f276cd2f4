"""Processes that are killed."""

import subprocess
import sys
from pathlib import Path

from tests.helpers.paths import ROOT

KILLED_RUN = Path(__file__).with_name("killed_run.py")


def run_killed(project, point="none", number="SIGKILL"):
    """Run exp0 in a process of its own: return its status and what it logged."""
    done = subprocess.run(
        [sys.executable, KILLED_RUN, project, point, number],
        cwd=project,
        env={
            "PYTHONPATH": str(ROOT / "src"),
            "PATH": "",
            "KEDRO_DISABLE_TELEMETRY": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stderr + done.stdout
