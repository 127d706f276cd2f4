"""The workflow for GitHub, as far as it can be read without GitHub."""

import os
import re
import tomllib

import pytest
import yaml

from tests.helpers.paths import ROOT


@pytest.fixture(scope="module")
def job():
    path = ROOT / ".github/workflows/ci.yml"
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"push", "pull_request"} <= workflow[
        True
    ].keys()  # YAML 1.1 reads on as true
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    return job


def test_it_runs_the_gate_and_nothing_else(job):
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_it_ends_in_time(job):
    assert job["timeout-minutes"] <= 90


def test_its_actions_are_pinned_to_commits(job):
    actions = [step["uses"] for step in job["steps"] if "uses" in step]
    assert len(actions) == 2
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", a) for a in actions)


def test_its_python_is_the_oldest_that_the_project_takes(job):
    with (ROOT / "pyproject.toml").open("rb") as file:
        required = tomllib.load(file)["project"]["requires-python"]
    (python,) = (s["with"]["python-version"] for s in job["steps"] if "with" in s)
    assert required.startswith(f">={python},")
