"""The diffs of CONTRIBUTING.md, each applied to a copy of the project and tried."""

import json
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from tests.helpers.paths import ROOT
from tests.helpers.project import call

GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# The first diff under each heading "Add ...".
DIFFS = dict(
    re.findall(r"^## Add an? (\w+).*?^```diff\n(.*?)^```$", GUIDE, re.M | re.S)
)

COUNT = """
from cifar_kedro.config import Network
from cifar_kedro.models.network import build_network
from cifar_kedro.models.summary import describe_layers

block = {"filters": [4, 8], "kernel": 5}
network = build_network(Network.model_validate({"blocks": [block], "dense": []}))
layers = describe_layers(network)
print([layer["parameters"] for layer in layers if layer["kind"] == "Conv2D"])
"""


@pytest.fixture
def add(project):
    """Apply a diff to a copy of the project, and give the copy."""

    def apply(name):
        shutil.copytree(ROOT / "tests", project / "tests")
        subprocess.run(
            ["git", "apply"], input=DIFFS[name], cwd=project, text=True, check=True
        )
        call(project, "ruff", "check")
        call(project, "ruff", "format", "--check")
        return project

    return apply


def run_tests(project, file, name):
    """Run one of the copy's own tests."""
    source = {"PYTHONPATH": str(project / "src")}
    done = call(project, "pytest", f"tests/{file}", "-k", name, **source)
    assert "1 passed" in done.stdout


def test_the_guide_has_these_diffs():
    assert list(DIFFS) == ["experiment", "claim", "setting", "figure"]
    assert len(DIFFS) == GUIDE.count("```diff")


def test_an_experiment_is_run(add):
    project = add("experiment")
    command = "kedro run --env sample --pipelines exp14"
    assert f"`{command}`" in GUIDE
    call(project, *command.split())
    output = project / "data/sample/07_model_output/exp14/seed-0/metrics.json"
    provenance = json.loads(output.read_text(encoding="utf-8"))["provenance"]
    assert provenance["parameters"]["network"]["activation"] == "gelu"


def test_a_claim_is_on_the_page(add):
    project = add("claim")
    command = "kedro run --env sample --pipelines exp0,exp14,reporting"
    assert f"`{command}`" in GUIDE
    call(project, *command.split())
    reporting = project / "data/sample/08_reporting"
    claims = pd.read_csv(reporting / "claims.csv").set_index("claim")
    claim = claims.loc["GELU raises the accuracy of the base network."]
    # Runs on the sample decide nothing.
    assert claim["verdict"] == "not decidable with these runs"
    assert claim["test"].startswith("exp0 to exp14: a significant gain")
    assert claim.name in (reporting / "report.html").read_text(encoding="utf-8")


def test_a_setting_of_the_network_is_built_and_counted(add):
    project = add("setting")
    done = subprocess.run(
        [sys.executable, "-c", COUNT],
        cwd=project / "src",
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [
        5 * 5 * 3 * 4 + 4,
        5 * 5 * 4 * 8 + 8,
    ]


def test_a_figure_is_written_by_a_run(add):
    run_tests(add("figure"), "test_run.py", "from_nothing_to_its_figures")
