"""Fixtures shared by all tests."""

from pathlib import Path

import pytest

from tests.helpers.project import copy_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of the project's configuration, without anyone's local overrides."""
    return copy_project(tmp_path, monkeypatch)
