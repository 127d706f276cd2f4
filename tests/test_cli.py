"""What a Kedro user types, in processes of its own."""

import json
import tarfile
import zipfile

import pytest

from tests.helpers.project import call

TINY = "max_epochs=1,exp0.network.dense=[4,8],exp0.title='Tiny, twice'"


def test_run_by_command_line(project):
    run = ("kedro", "run", "--env", "sample")
    call(project, *run, "--pipeline", "exp0", "--params", TINY)
    output = project / "data/sample/07_model_output/exp0/seed-0"
    assert {path.name for path in output.iterdir()} == {
        *("history.csv", "metrics.json", "predictions.npz")
    }
    metrics = json.loads((output / "metrics.json").read_text("utf-8"))
    parameters = metrics["provenance"]["parameters"]
    assert parameters["network"]["dense"] == [4, 8]
    assert parameters["title"] == "Tiny, twice"
    call(project, *run, "--pipelines", "exp0,reporting", "--only-missing-outputs")
    assert (project / "data/sample/08_reporting/summary.csv").exists()


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("registry list", "- exp8b\n"),
        ("registry describe exp9", "exp9.train_model_node (train_model)"),
        ("catalog list-patterns", "{experiment}.best_model"),
        (
            "catalog resolve-patterns --env sample -p exp9",
            "data/sample/06_models/exp9/seed-0/model.keras",
        ),
        ("catalog describe-datasets -p exp9", "exp9.history"),
    ],
)
def test_registry_and_catalog_commands(project, command, shown):
    assert shown in call(project, "kedro", *command.split()).stdout


def test_failures_end_with_their_message_and_a_status(project):
    done = call(
        *(project, "kedro", "run", "--env", "sample", "--pipelines", "exp0"),
        *("--params", "exp0.training.epochs=many"),
        check=False,
    )
    assert done.returncode == 1
    message = "Error: exp0.training.epochs: received 'many', expected a whole number\n"
    assert done.stderr.endswith(message)
    assert "Traceback" not in done.stderr and "pydantic" not in done.stderr
    assert "absl" not in done.stderr  # which TensorFlow prints when it is imported


@pytest.mark.parametrize("archived", [False, True], ids=["folder", "archive"])
def test_the_package_runs_with_its_configuration(project, archived, tmp_path_factory):
    """As installed elsewhere: another folder, only the package and its configuration."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    # What `kedro package` does, without fetching a build environment.
    call(project, "build", "--wheel", "--no-isolation", f"--outdir={elsewhere}")
    (wheel,) = elsewhere.glob("*.whl")
    with zipfile.ZipFile(wheel) as package:
        package.extractall(elsewhere)
    conf = project / "conf"
    if archived:  # as `kedro package` ships it
        conf = elsewhere / "conf-cifar_kedro.tar.gz"
        with tarfile.open(conf, "w:gz") as archive:
            archive.add(project / "conf", arcname="conf")
    call(
        *(elsewhere, "cifar_kedro", "--env", "sample", "--pipelines", "exp0,reporting"),
        *("--params", TINY, f"--conf-source={conf}"),
        PYTHONPATH=str(elsewhere),
    )
    output = elsewhere / "data/sample/08_reporting"
    assert (output / "exp0/seed-0/learning_curves.png").exists()
    assert "exp0" in (output / "report.html").read_text("utf-8")
