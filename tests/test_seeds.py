"""The command that repeats an experiment with several seeds."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from click.testing import CliRunner

from cifar_kedro import cli
from tests.helpers.project import call


@pytest.fixture
def kedro(monkeypatch):
    """Call the command; gives its result, and the commands that it has called itself.

    Those that `fails` is part of end with an error.
    """
    commands = []

    def call(*arguments, fails=None):
        def run(command, cwd, check):
            assert cwd == Path("project")
            commands.append(" ".join(command[2:]))
            code = -9 if fails and fails in commands[-1] else 0
            return subprocess.CompletedProcess(command, code)

        monkeypatch.setattr(subprocess, "run", run)
        project = SimpleNamespace(project_path=Path("project"))
        return CliRunner().invoke(cli.cli, ["seeds", *arguments], obj=project)

    return call, commands


def test_a_run_for_each_seed_and_then_the_report(kedro):
    call, commands = kedro
    assert call("-p", "exp0,exp3", "--seeds", "0,7").exit_code == 0
    assert commands == [
        "kedro run --pipelines exp0,exp3 --params seed=0",
        "kedro run --pipelines exp0,exp3 --params seed=7",
        "kedro run --pipelines reporting",
    ]


def test_environment_and_parameters_are_those_of_every_run(kedro):
    call, commands = kedro
    options = ("--env", "sample", "--params", "max_epochs=1,exp0.network.dense=[4,8]")
    assert call("--pipelines", "exp0", "--seeds", "3", *options).exit_code == 0
    assert commands == [
        "kedro run --pipelines exp0 --params "
        "max_epochs=1,exp0.network.dense=[4,8],seed=3 --env sample",
        "kedro run --pipelines reporting --params "
        "max_epochs=1,exp0.network.dense=[4,8] --env sample",
    ]


def test_the_others_go_on_when_one_seed_fails(kedro):
    call, commands = kedro
    result = call("-p", "exp0", "--seeds", "0,1,2", fails="seed=1")
    assert len(commands) == 4
    assert result.exit_code == 1
    assert "Failed, see above: seed 1." in result.output


def test_a_report_that_fails_is_a_failure(kedro):
    call, _ = kedro
    result = call("-p", "exp0", "--seeds", "0", fails="reporting")
    assert result.exit_code == 1
    assert "Failed, see above: the report page." in result.output


@pytest.mark.parametrize(
    "seeds",
    ["one", "", "1,", "0.5", "0-3", "010", "1:30", "0x1", "1_0", "٣", "1, 2", "+1"],
)
def test_what_is_no_seed_is_refused_before_anything_runs(kedro, seeds):
    call, commands = kedro
    result = call("-p", "exp0", "--seeds", seeds)
    assert result.exit_code == 2
    assert f"received {seeds!r}, expected whole numbers, such as 0,1,2" in result.output
    assert not commands


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("max_epochs=010", "max_epochs: received 010"),
        ("seed=3", "received a seed, expected it in --seeds alone"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_runs(kedro, params, message):
    call, commands = kedro
    result = call("-p", "exp0", "--seeds", "0,1", "--params", params)
    assert result.exit_code == 2
    assert message in result.output
    assert not commands


def test_seeds_by_command_line(project):
    """In processes of their own, the second one refused."""
    done = call(
        *(project, "kedro", "seeds", "--pipelines", "exp0", "--env", "sample"),
        *("--seeds", "0,-1,2"),
        *(
            "--params",
            "exp0.training.epochs=1,exp0.network.dense=[4],exp0.reported.parameters=null",
        ),
        check=False,
    )
    assert done.returncode == 1
    assert "Failed, see above: seed -1." in done.stderr
    folder = project / "data/sample/08_reporting"
    summary = pd.read_csv(folder / "summary.csv")
    assert summary["seed"].tolist() == [0, 2]
    accuracies = summary["test_accuracy_end"]
    (row,) = pd.read_csv(folder / "summary_by_experiment.csv").to_dict("records")
    assert (row["experiment"], row["seeds"]) == ("exp0", 2)
    assert row["mean"] == pytest.approx(accuracies.mean())
    assert row["sd"] == pytest.approx(accuracies.std())
    assert "Over several seeds" in (folder / "report.html").read_text("utf-8")
