"""What a builder of the container image would trip over, without one."""

from fnmatch import fnmatch

import pytest

from tests.helpers.paths import ROOT

IGNORED = [
    line
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
STEPS = [
    line.split()
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
SOURCES = [source for step in STEPS if step[0] == "COPY" for source in step[1:-1]]


def test_the_context_holds_only_what_is_named():
    assert IGNORED[0] == "*"
    named = {rule[1:] for rule in IGNORED if rule.startswith("!")}
    assert named == {
        *(".telemetry", "README.md", "conf", "pyproject.toml", "requirements.lock"),
        *("src", "conf/local/.gitkeep"),
    }


@pytest.mark.parametrize(
    "path",
    [
        "conf/local/globals.yml",
        "conf/local/credentials.yml",
        "conf/base/credentials_team.yml",
        "src/cifar_kedro.egg-info",
    ],
)
def test_overrides_secrets_and_leftovers_stay_out(path):
    last = max(i for i, rule in enumerate(IGNORED) if fnmatch(path, rule.lstrip("!")))
    assert not IGNORED[last].startswith("!")


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_copied_exists_and_is_let_in(source):
    assert (ROOT / source).exists()
    assert f"!{source.split('/')[0]}" in IGNORED


def test_what_the_installation_reads_is_copied_before_it():
    kinds = [step[:2] for step in STEPS]
    before = STEPS[: kinds.index(["RUN", "pip"])]
    copied = {source for step in before if step[0] == "COPY" for source in step[1:-1]}
    assert copied == {
        *("pyproject.toml", "requirements.lock", "README.md"),
        "src/cifar_kedro/__init__.py",
    }


def test_it_ends_as_a_user_and_as_ctrl_c_would():
    assert ["USER", "kedro"] in STEPS
    assert ["STOPSIGNAL", "SIGINT"] in STEPS  # test_resume.py: the lock goes with it
    assert STEPS[-1] == ["ENTRYPOINT", '["kedro"]']
