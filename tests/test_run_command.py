"""``kedro run`` as the project has it: what is typed, and how it ends if that is wrong."""

import re

import pytest
from click.testing import CliRunner
from kedro.config import MissingConfigException
from kedro.framework.session import KedroSession
from kedro.io import DatasetError as KedroDatasetError
from kedro.validation import DataValidationError
from omegaconf.errors import InterpolationKeyError

from cifar_kedro import cli
from cifar_kedro.config.errors import DatasetError, SettingsError
from cifar_kedro.hooks import experiments


@pytest.fixture
def kedro_run(project):
    def call(*arguments):
        arguments = ("--env", "sample", "--pipelines", "exp0", *arguments)
        return CliRunner().invoke(cli.run, arguments, standalone_mode=True)

    return call


@pytest.fixture
def started(monkeypatch):
    """Catch the parameters that a session is started with, and start none."""
    parameters = []

    def create(**arguments):
        parameters.append(arguments["runtime_params"])
        raise SettingsError("caught")

    monkeypatch.setattr(KedroSession, "create", create)
    return parameters


def test_parameters_are_read_as_typed(kedro_run, started):
    kedro_run("--params", "seed=1,exp0.network.dense=[64, 32]")
    kedro_run()
    assert started == [{"seed": 1, "exp0": {"network": {"dense": [64, 32]}}}, {}]


@pytest.mark.parametrize(
    "typed", ["seed=010", "seed", "max_epochs=", "exp0.network.blocks[0].pool=false"]
)
def test_wrong_parameters_are_refused_before_a_session(kedro_run, started, typed):
    result = kedro_run("--params", typed)
    assert result.exit_code == 2 and not started
    assert "Invalid value for '--params': " in result.output
    assert typed.partition("=")[0] in result.output


def test_a_file_of_options_is_read_strictly(kedro_run, started, tmp_path):
    path = tmp_path / "run.yml"
    path.write_text("run:\n  params: {seed: 3, exp0: {network: {dense: [4, 8]}}}\n")
    kedro_run("--config", str(path))
    path.write_text('run:\n  params: "seed=3,exp0.network.dense=[4,8]"\n')
    kedro_run("--config", str(path))
    assert started == [{"seed": 3, "exp0": {"network": {"dense": [4, 8]}}}] * 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run:\n  params: {seed: 010}\n", "line 2: run.params.seed: received 010"),
        ('run:\n  params: "seed=010"\n', "'--params': seed: received 010"),
        ("run:\n  env: a\n  env: b\n", "line 3: received 'env' twice"),
        ("params: {seed: 1}\n", "run: received no such block, expected options from"),
        ("", "run: received no such block, expected options from from_inputs, "),
        ("run:\n  parms: {seed: 1}\n", "run: received parms, expected options from"),
    ],
)
def test_a_wrong_file_of_options_is_refused(
    kedro_run, started, tmp_path, text, message
):
    path = tmp_path / "run.yml"
    path.write_text(text)
    result = kedro_run("--config", str(path))
    assert result.exit_code == 2 and not started
    assert message in result.output


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (
            "exp0.network.dropuot=0.4",
            "exp0.network: unknown key 'dropuot' (did you mean 'dropout'?); allowed: ",
        ),
        (
            "exp0.training.epochs=many,exp0.training.batch_size=1.5",
            "exp0.training.batch_size: received 1.5, expected a whole number\n"
            "exp0.training.epochs: received 'many', expected a whole number\n",
        ),
        ("seed=-1", "seed: received -1, expected greater than or equal to 0\n"),
        ("exp00.network.dropout=1", "parameter 'exp00': received {'network': {'dr"),
        ("exp0.builds_on=exp0", "exp0.builds_on: experiments build in a circle: "),
        (
            "exp0.title=${nowhere}",
            "exp0.title (parameters): Interpolation key 'nowhere' not found. ",
        ),
    ],
)
def test_mistakes_in_parameters_end_in_their_message(kedro_run, typed, message):
    result = kedro_run("--params", typed)
    assert result.exit_code == 1
    assert f"Error: {message}" in result.stderr
    assert "pydantic" not in result.output


def test_what_several_experiments_inherit_is_said_once(kedro_run):
    options = ("--pipelines", "exp0,exp2,exp1", "--params", "exp0.network.dropout=2")
    result = kedro_run(*options)
    assert result.stderr.endswith(
        "Error: exp0.network.dropout: received 2, expected less than 1 "
        "(also of exp1, exp2)\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--pipelines", "exp77"], "Failed to find the pipeline named 'exp77'"),
        (["--env", "nowhere"], "is not a valid directory: "),
        (
            ["--params", "classify.experiment=exp77", "--pipelines", "classify"],
            "classify.experiment: received 'exp77', expected one of exp0, ",
        ),
        (["--pipelines", "classify"], "There is no folder "),
        (["--nodes", "exp0.evaluate_model_node"], "There is no model at "),
        (
            ["--params", "validation_images=1290", "--pipelines", "data_engineering"],
            "validation_images: received 1290 of 1297 images, expected ",
        ),
    ],
)
def test_what_is_missing_ends_in_its_message(kedro_run, options, message):
    result = kedro_run(*options)
    assert result.exit_code == 1
    assert message in result.stderr.rpartition("Error: ")[2]


def wrap(error):
    """Wrap an error as Kedro's catalog does, to add the name of the dataset."""
    try:
        raise KedroDatasetError(f"model: {error}") from error
    except KedroDatasetError as wrapped:
        return wrapped


@pytest.mark.parametrize(
    ("error", "is_users"),
    [
        (SettingsError("theirs"), True),
        (wrap(DatasetError("theirs")), True),
        (DataValidationError("theirs", validator="check_images"), True),
        (MissingConfigException("theirs"), True),
        (
            InterpolationKeyError("theirs\n    full_key: a.b\n    object_type=dict"),
            True,
        ),
        (ValueError("ours"), False),
        (KeyError("ours"), False),
        (wrap(AttributeError("ours")), False),
        (KedroDatasetError("ours"), False),
    ],
)
def test_only_errors_of_the_users_kind_end_in_their_message(
    kedro_run, monkeypatch, error, is_users
):
    def fail(**_):
        raise error

    monkeypatch.setattr(KedroSession, "create", fail)
    result = kedro_run()
    assert result.exit_code == 1
    if is_users:
        assert re.fullmatch(
            r"Error: (model: )?theirs\n(.*check_images.*\n)?", result.stderr
        )
    else:
        assert result.exception is error


def test_our_own_errors_keep_their_traceback(kedro_run, monkeypatch):
    def fail(*_):
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(experiments, "use_parameters", fail)
    result = kedro_run()
    assert isinstance(result.exception, ValueError)
    assert result.exception.args == ("a mistake of ours",)


def test_in_python_they_are_ordinary_exceptions(project):
    wrong = {"exp0": {"network": {"dropout": 1.5}}}
    message = r"exp0\.network\.dropout: received 1\.5"
    with (
        pytest.raises(SettingsError, match=message) as e,
        KedroSession.create(env="sample", runtime_params=wrong) as session,
    ):
        session.run(pipeline_names=["exp0"])
    assert isinstance(e.value, ValueError)
    with (
        pytest.raises(KedroDatasetError, match="There is no model at"),
        KedroSession.create(env="sample") as session,
    ):
        session.run(pipeline_names=["exp0"], node_names=["exp0.evaluate_model_node"])


def test_options_are_kedros_and_kedros_stay_its_own():
    from kedro.framework.cli.project import run

    assert [o.name for o in cli.run.params] == [o.name for o in run.params]
    ours, theirs = (
        {o.name: o.callback for o in command.params} for command in (cli.run, run)
    )
    assert {k for k in ours if ours[k] is not theirs[k]} == {"params", "config"}
