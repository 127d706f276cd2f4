import re
import shutil
import subprocess

import pytest

import cifar_kedro
from cifar_kedro.evaluation import checkout
from cifar_kedro.evaluation.checkout import describe_checkout

UNKNOWN = {"commit": None, "clean": None}


def git(folder, *arguments):
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    command = ("git", "-C", str(folder), *identity, *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(autouse=True)
def _new_run():
    checkout._warn_once.cache_clear()


def place(folder, monkeypatch):
    """Pretend that the package lies in a folder."""
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    monkeypatch.setattr(cifar_kedro, "__file__", str(folder / "__init__.py"))
    return folder


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Pretend that the package lies in a repository of its own, without a commit."""
    git(tmp_path, "init")
    return place(tmp_path / "src/package", monkeypatch)


@pytest.fixture
def committed(package):
    git(package, "add", ".")
    git(package, "commit", "-m", "first")
    return package


def test_a_checkout_has_a_commit_and_is_clean_or_not(committed, caplog):
    code = describe_checkout()
    assert re.fullmatch("[0-9a-f]{40}", code["commit"])
    assert code["commit"] == git(committed, "rev-parse", "HEAD").strip()
    assert code["clean"] is True
    (committed / "__init__.py").write_text("changed = True")
    assert describe_checkout()["clean"] is False
    assert not caplog.messages


def test_a_checkout_of_another_user_is_told_with_gits_remedy_once(
    committed, monkeypatch, caplog
):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    root = committed.parents[1]
    assert describe_checkout() == describe_checkout() == UNKNOWN
    assert len(caplog.messages) == 1
    message = caplog.messages[0]
    assert message.startswith(f"The provenance will not tell the commit in {root}: git")
    assert "dubious ownership" in message
    assert message.endswith(f"git config --global --add safe.directory {root}")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FileNotFoundError("git"), "git can't be called (git). Install git."),
        (PermissionError("git"), "git can't be called (git). Install git."),
        (subprocess.TimeoutExpired("git", 10), "git rev-parse took more than 10 s."),
    ],
)
def test_without_an_answer_from_git_a_warning_says_why(
    committed, monkeypatch, caplog, error, told
):
    def fail(*_, **options):
        assert options["timeout"] == checkout.GIT_SECONDS
        raise error

    monkeypatch.setattr(subprocess, "run", fail)
    assert describe_checkout() == UNKNOWN
    assert told in caplog.text


def test_a_slow_status_leaves_the_commit(committed, monkeypatch, caplog):
    call = subprocess.run

    def be_slow(command, **options):
        if "status" in command:
            raise subprocess.TimeoutExpired("git", 10)
        return call(command, **options)

    monkeypatch.setattr(subprocess, "run", be_slow)
    code = describe_checkout()
    assert code["commit"] and code["clean"] is None
    assert "will not tell whether files are changed" in caplog.text


def test_without_a_commit_a_warning_asks_for_one(package, caplog):
    git(package, "add", ".")
    assert describe_checkout() == UNKNOWN
    assert "There is no commit yet: make one." in caplog.text


def test_the_worktree_of_a_repository_that_is_gone_is_told(
    committed, tmp_path_factory, monkeypatch, caplog
):
    other = tmp_path_factory.mktemp("other") / "tree"
    root = committed.parents[1]
    git(root, "worktree", "add", str(other))
    shutil.rmtree(root / ".git")
    file = other / "src/package/__init__.py"
    monkeypatch.setattr(cifar_kedro, "__file__", str(file))
    assert describe_checkout() == UNKNOWN
    assert f"the commit in {other}: git says: fatal: not a git repo" in caplog.text
    assert "Repair the checkout, or clone it again." in caplog.text


def test_a_project_that_another_checkout_does_not_track_is_told(package, caplog):
    (package / "../other.py").touch()
    git(package, "add", "../other.py")
    git(package, "commit", "-m", "of something else")
    assert describe_checkout() == UNKNOWN
    assert "The checkout does not track the project: commit it." in caplog.text


@pytest.mark.parametrize("folder", ["src", ".venv/lib/python3.11/site-packages"])
def test_outside_a_checkout_there_is_nothing_to_tell(
    tmp_path, monkeypatch, caplog, folder
):
    if folder != "src":  # an installed package, whose environment lies in a checkout
        git(tmp_path, "init")
    place(tmp_path / folder / "package", monkeypatch)
    assert describe_checkout() == UNKNOWN
    assert not caplog.messages
