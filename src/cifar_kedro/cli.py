"""The project's own commands, beside Kedro's: ``kedro --help`` lists both."""

import subprocess
import sys
from typing import Any

import click
from kedro.framework.cli.project import run  # noqa: F401  what the package runs
from kedro.framework.cli.utils import CONTEXT_SETTINGS, env_option
from kedro.framework.startup import ProjectMetadata


def _read_seeds(context: Any, option: Any, value: str) -> list[int]:
    try:
        return [int(seed) for seed in value.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"received {value!r}, expected whole numbers, such as 0,1,2"
        ) from None


@click.group(context_settings=CONTEXT_SETTINGS, name="cifar_kedro")
def cli() -> None:
    """Commands of this project."""


@cli.command()
@click.option("--pipelines", "-p", required=True, help="Experiments, such as exp0,exp3")
@click.option("--seeds", required=True, callback=_read_seeds, help="Such as 0,1,2")
@click.option("--params", default="", help="As of kedro run, for every seed.")
@env_option
@click.pass_obj
def seeds(
    project: ProjectMetadata, pipelines: str, seeds: list[int], params: str, env: str
) -> None:
    """Run pipelines once with each seed, then report on all that has run.

    What fails with one seed does not keep the others from running.
    """
    failed = [
        f"seed {seed}"
        for seed in seeds
        # Last, so that it wins over a seed among the others.
        if not _run(project, pipelines, f"{params},seed={seed}".lstrip(","), env)
    ]
    if not _run(project, "reporting", params, env):
        failed.append("the report")
    if failed:
        raise click.ClickException(f"Failed, see above: {', '.join(failed)}.")


def _run(project: ProjectMetadata, pipelines: str, params: str, env: str) -> bool:
    """Call ``kedro run`` in a process of its own: TensorFlow starts as new each time."""
    command = ["kedro", "run", "--pipelines", pipelines]
    command += ["--params", params] if params else []
    command += ["--env", env] if env else []
    click.secho(" ".join(command), bold=True)
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=project.project_path, check=False
    )
    return done.returncode == 0
