"""The project's own commands. ``kedro --help`` lists them beside Kedro's."""

import copy
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import CONTEXT_SETTINGS, env_option
from kedro.framework.project import pipelines as registered
from kedro.framework.startup import ProjectMetadata
from kedro.validation import DataValidationError
from omegaconf.errors import OmegaConfBaseException

from cifar_kedro.config.errors import SettingsError, UserError
from cifar_kedro.config.strict_yaml import read_yaml
from cifar_kedro.config.typed_parameters import read_parameters

# Kedro's and OmegaConf's errors about configuration and data.
USER_ERRORS = (MissingConfigException, DataValidationError, OmegaConfBaseException)

PARAMS_HELP = """Parameters of this run, such as seed=1,exp0.network.dense=[64,32].
Put a value with commas in brackets or quotes. Write null for none."""


def _read_params(context: Any, option: Any, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):  # from a file that `--config` names
        return value
    try:
        return read_parameters(value)
    except SettingsError as error:
        raise click.BadParameter(error.message) from error


def _read_config(context: Any, option: Any, value: str | None) -> str | None:
    """Take options from a file, as Kedro does. Read it as strictly as other files."""
    if not value:
        return value
    try:
        options = read_yaml(Path(value).read_bytes(), value).get("run")
    except SettingsError as error:
        raise click.BadParameter(error.message) from error
    allowed = [o.name for o in context.command.params if o.name != "config"]
    if not isinstance(options, dict) or not options.keys() <= set(allowed):
        received = options if isinstance(options, dict) else ["no such block"]
        raise click.BadParameter(
            f"{value}: run: received {', '.join(received)}, expected options from "
            f"{', '.join(allowed)}"
        )
    context.default_map = {**(context.default_map or {}), **options}
    return value


class _RunCommand(click.Command):
    """Kedro's ``run``, with the project's own way of reading parameters, and its errors."""

    def __init__(self) -> None:
        """Take Kedro's command, and change two of its options."""
        options = {option.name: copy.copy(option) for option in kedro_run.params}
        options["params"].callback = _read_params
        options["params"].help = PARAMS_HELP
        options["config"].callback = _read_config
        super().__init__(
            "run",
            params=list(options.values()),
            callback=kedro_run.callback,
            help=kedro_run.help,
        )

    def invoke(self, ctx: click.Context) -> Any:
        """Run. An error that the user can correct ends with its message alone."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            named = {*ctx.params["pipelines"], ctx.params["pipeline"]} - {None}
            if isinstance(error, UserError) or not _is_users(error, named):
                raise
            # OmegaConf adds lines that do not help a user.
            message = re.sub(r"\n\s*(full_key|object_type)[:=].*", "", str(error))
            raise UserError(message) from error


def _is_users(error: Exception, named: set[str]) -> bool:
    """Tell whether the user can correct an error of Kedro's."""
    return (
        isinstance(error, USER_ERRORS)
        # The catalog wraps errors of datasets, to add their names.
        or isinstance(error.__cause__, UserError)
        # Kedro has no type for the error of a missing pipeline.
        or (isinstance(error, ValueError) and not named <= set(registered))
    )


run = _RunCommand()


def _read_seeds(context: Any, option: Any, value: str) -> list[int]:
    seeds = value.split(",")
    if all(re.fullmatch("0|-?[1-9][0-9]*", seed) for seed in seeds):
        return [int(seed) for seed in seeds]
    raise click.BadParameter(
        f"received {value!r}, expected whole numbers, such as 0,1,2"
    )


def _check_params(context: Any, option: Any, value: str) -> str:
    if "seed" in _read_params(context, option, value):
        raise click.BadParameter("received a seed, expected it in --seeds alone")
    return value


@click.group(context_settings=CONTEXT_SETTINGS, name="cifar_kedro")
def cli() -> None:
    """Commands of this project."""


cli.add_command(run)


@cli.command()
@click.option("--pipelines", "-p", required=True, help="Experiments, such as exp0,exp3")
@click.option("--seeds", required=True, callback=_read_seeds, help="Such as 0,1,2")
@click.option(
    "--params",
    default="",
    callback=_check_params,
    help="Parameters as for kedro run, for every seed.",
)
@env_option
@click.pass_obj
def seeds(
    project: ProjectMetadata, pipelines: str, seeds: list[int], params: str, env: str
) -> None:
    """Run pipelines once with each seed, then make the report page of all runs.

    If one seed fails, the others still run.
    """
    failed = [
        f"seed {seed}"
        for seed in seeds
        if not _run(project, pipelines, f"{params},seed={seed}".lstrip(","), env)
    ]
    if not _run(project, "reporting", params, env):
        failed.append("the report page")
    if failed:
        raise click.ClickException(f"Failed, see above: {', '.join(failed)}.")


def _run(project: ProjectMetadata, pipelines: str, params: str, env: str) -> bool:
    """Call ``kedro run`` in a new process, so that TensorFlow starts fresh each time."""
    command = ["kedro", "run", "--pipelines", pipelines]
    command += ["--params", params] if params else []
    command += ["--env", env] if env else []
    click.secho(" ".join(command), bold=True)
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=project.project_path, check=False
    )
    return done.returncode == 0
