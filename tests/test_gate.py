"""What the gate makes of skips, failures and gaps: its script, with programs that do nothing."""

import os
import shutil
import subprocess

import pytest

from tests.helpers.paths import ROOT

# Every program of an environment prints what the test wants `pytest` to print.
README = """
<!-- ci: run -->
```bash
mkdir -p .venv/bin; for tool in pip pytest mypy lint-imports; do cp tool .venv/bin/$tool; done
```
<!-- ci: test -->
```bash
cat output
```
"""
LATER = "SKIPPED [2] tests/test_backends.py:39: jax is an extra\n"
NEVER = "SKIPPED [1] tests/test_audio.py:3: could not import 'kedro_airflow'\n"


@pytest.fixture
def gate(tmp_path):
    """Give a function that runs the gate on an output of the tests."""
    shutil.copytree(ROOT / ".ci", tmp_path / "project/.ci")
    project, programs = tmp_path / "project", tmp_path / "programs"
    (project / "README.md").write_text(README)
    programs.mkdir()
    venv = "#!/bin/sh\ncp -r .venv .venv-airflow\n"
    for path, script in (
        (project / "tool", "#!/bin/sh\n"),
        (project / ".ci/audit", "#!/bin/sh\n"),
        (programs / "chromium", "#!/bin/sh\n"),
        (programs / "pre-commit", "#!/bin/sh\n"),
        (programs / "python3", venv),
    ):
        path.write_text(script)
        path.chmod(0o755)

    def run(output):
        (project / "output").write_text(output)
        path = f"{programs}:{os.environ['PATH']}"
        done = subprocess.run(
            [project / ".ci/run"],
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert not done.stderr
        return done.returncode, done.stdout.partition("=== Summary")[2]

    return run


def test_a_skip_that_a_later_step_runs_is_shown_and_fails_nothing(gate):
    status, summary = gate(LATER)
    assert status == 0
    assert f"skipped: README: test: {LATER}" in summary
    assert "!!! NOT RUN: Real data: there is no ../shared/data/" in summary


def test_a_skip_that_nothing_else_runs_is_said_loudly(gate):
    status, summary = gate(LATER + NEVER)
    assert status == 0
    assert f"{NEVER.strip()} [!!! nothing else runs it]" in summary


def test_after_a_failure_the_other_steps_run(gate, tmp_path):
    (tmp_path / "project/.ci/audit").unlink()
    status, summary = gate("")
    assert status == 1
    assert [line.split()[-1] for line in summary.splitlines() if " s  " in line] == [
        *["ok"] * 5,
        "FAILED",
        *["ok"] * 4,
    ]
