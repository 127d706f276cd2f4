"""The gate's audit step, with a stand-in for pip-audit."""

import shutil
import subprocess

import pytest

from tests.helpers.paths import ROOT

FOUND = "Name Version ID Fix Versions\nsix  1.0.0   CVE-1 1.1.0"


@pytest.mark.parametrize(
    ("pip_audit", "status", "message"),
    [
        ("echo 'No known vulnerabilities found' >&2", 0, "No known vulnerabilities."),
        (f"echo '{FOUND}'; exit 1", 1, "CVE-1"),
        (
            "echo 'requests.exceptions.ConnectionError: no such host' >&2; exit 1",
            0,
            "SKIPPED: no answer from the advisory service (status 1): requests.exc",
        ),
        ('echo "ERROR: Could not connect to OSV\'s feed" >&2; exit 1', 0, "SKIPPED"),
        ("exit 124  # as timeout does", 0, "SKIPPED: no answer"),
        ("echo 'unreadable requirements' >&2; exit 1", 1, "unreadable requirements"),
    ],
)
def test_audit_fails_for_what_it_finds_not_for_want_of_an_answer(
    tmp_path, pip_audit, status, message
):
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/audit", tmp_path / ".ci")
    program = tmp_path / ".venv/bin/pip-audit"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{pip_audit}\n")
    program.chmod(0o755)
    done = subprocess.run(
        [tmp_path / ".ci/audit"], check=False, capture_output=True, text=True
    )
    assert message in done.stdout
    assert done.returncode == status
