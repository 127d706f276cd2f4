"""The commit that a result was made with, if git tells it."""

import logging
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import cifar_kedro

logger = logging.getLogger(__name__)

GIT_SECONDS = 10  # a repository on a slow network disk must not delay a training


class _GitError(Exception):
    """Git gives no answer. The text says why, and what to do."""


def describe_checkout() -> dict[str, Any]:
    """Find the commit, and whether the checkout is clean.

    If the package lies in a checkout and git does not tell, a warning says why.

    Returns:
        ``commit`` and ``clean``, null where they are unknown.
    """
    package = Path(cifar_kedro.__file__).parent
    code: dict[str, Any] = {"commit": None, "clean": None}
    root = next((p for p in package.parents if (p / ".git").exists()), None)
    if root is None or {"site-packages", "dist-packages"} & set(package.parts):
        return code
    try:
        commit = _call_git(package, "rev-parse", "--verify", "HEAD")
        # The checkout may be that of another project.
        _call_git(package, "ls-files", "--error-unmatch", "__init__.py")
        code["commit"] = commit
        changes = _call_git(package, "--no-optional-locks", "status", "--porcelain")
        code["clean"] = not changes
    except _GitError as error:
        unknown = "whether files are changed" if code["commit"] else "the commit"
        _warn_once(f"The provenance will not tell {unknown} in {root}: {error}")
    return code


@cache
def _warn_once(text: str) -> None:
    """Warn once, even if a run has several trainings."""
    logger.warning(text)


def _call_git(folder: Path, *arguments: str) -> str:
    """Return what git prints.

    Raises:
        _GitError: If it fails, is not there, or takes too long.
    """
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            check=True,
            text=True,
            env=os.environ | {"LC_ALL": "C"},  # _advise reads the English message
            timeout=GIT_SECONDS,
        ).stdout.strip()
    except subprocess.TimeoutExpired as error:
        raise _GitError(
            f"git {arguments[0]} took more than {GIT_SECONDS} s. If the disk is slow, run "
            "from a checkout on a local one."
        ) from error
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split())
        raise _GitError(f"git says: {said}{_advise(said)}") from error
    except OSError as error:
        raise _GitError(f"git can't be called ({error}). Install git.") from error


def _advise(said: str) -> str:
    """Say what to do, if git itself does not."""
    if "safe.directory" in said:
        return ""  # git names the command
    if "Needed a single revision" in said:
        return ". There is no commit yet: make one."
    if "did not match any file" in said:
        return ". The checkout does not track the project: commit it."
    return ". Repair the checkout, or clone it again."
