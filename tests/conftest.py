"""Fixtures shared by all tests."""

from pathlib import Path

import pytest

from tests.helpers.processes import run_killed
from tests.helpers.project import copy_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of the project's configuration, without anyone's local overrides."""
    return copy_project(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a project in which `run_killed` was let run: once for all that compare with it."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        project = copy_project(tmp_path_factory.mktemp("uninterrupted"), monkeypatch)
    status, log = run_killed(project)
    assert status == 0, log
    return project
