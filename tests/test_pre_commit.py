"""The hooks at work: what a commit of good and of bad files comes to."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.helpers.paths import ROOT

MB, KB = 1_000_000, 1_000


class Repository:
    """A git repository with the project's hooks, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in (".pre-commit-config.yaml", "pyproject.toml"):
            shutil.copy(ROOT / name, folder)
        self.call("git", "init", "--quiet")
        self.call("pre-commit", "install")

    def call(self, *command: str) -> subprocess.CompletedProcess[str]:
        person = {
            f"GIT_{role}_{key}": "nobody@example.org"
            for role in ("AUTHOR", "COMMITTER")
            for key in ("NAME", "EMAIL")
        }
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        nobodys_own = {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PRE_COMMIT_HOME": str(self.folder / ".git/pre-commit"),
        }
        return subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | person | nobodys_own | {"PATH": tools},
            check=False,
            capture_output=True,
            text=True,
        )

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def commit(self) -> set[str] | None:
        """Commit everything; give the ids of the hooks that refuse, None if none does."""
        self.call("git", "add", "--all")
        done = self.call("git", "commit", "--message", "all")
        ids = [
            line for line in done.stderr.splitlines() if line.startswith("- hook id")
        ]
        assert bool(ids) == bool(done.returncode), done.stderr
        return {line.split(": ")[1] for line in ids} or None


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


def notebook(*outputs) -> str:
    cell = new_code_cell("1 + 1", id="sum", outputs=list(outputs))
    cell.execution_count = len(outputs) or None
    return nbformat.writes(new_notebook(cells=[cell])) + "\n"


def test_good_files_are_committed(repository):
    repository.write("good.py", '"""A module."""\n\nANSWER = {"six": 7}\n')
    repository.write("good.ipynb", notebook())
    repository.write("large.bin", bytes(MB - 1 * KB))
    repository.write("docs/figures/figure.png", bytes(299 * KB))
    assert repository.commit() is None
    assert repository.call("git", "status", "--short").stdout == ""


def test_bad_formatting_is_mended_for_the_next_try(repository):
    path = repository.write("bad.py", "'''A module.'''\nimport os\nANSWER={'six':7}\n")
    assert repository.commit() == {"ruff-check", "ruff-format"}
    assert path.read_text() == '"""A module."""\n\nANSWER = {"six": 7}\n'
    assert repository.commit() is None


def test_what_ruff_cannot_mend_is_refused(repository):
    repository.write("bad.py", '"""A module."""\n\nANSWER = unknown\n')
    assert repository.commit() == {"ruff-check"}


def test_a_notebook_loses_its_outputs(repository):
    path = repository.write("bad.ipynb", notebook(new_output("stream", text="2")))
    assert repository.commit() == {"notebook-outputs"}
    assert path.read_text() == notebook()
    assert repository.commit() is None


@pytest.mark.parametrize(
    ("name", "size", "hooks"),
    [
        ("large.bin", MB + 1, {"large-files"}),
        ("docs/figures/figure.png", 301 * KB, {"large-figures"}),
        ("tests/data/figure.png", 301 * KB, None),
    ],
)
def test_large_files_are_refused(repository, name, size, hooks):
    repository.write(name, bytes(size))
    assert repository.commit() == hooks


def test_a_file_that_has_grown_is_refused(repository):
    repository.write("grown.bin", b"")
    assert repository.commit() is None
    repository.write("grown.bin", bytes(MB + 1))
    assert repository.commit() == {"large-files"}
