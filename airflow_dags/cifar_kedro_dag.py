"""The default pipeline as an Airflow DAG: one task per experiment and seed.

Generated. Edit cifar_kedro_dag.py.j2 or conf/base/airflow.yml, and make it anew:
kedro airflow create --group-by namespace --jinja-file airflow_dags/cifar_kedro_dag.py.j2
"""

import shlex
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, Variable, dag, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

PROJECT = Path(__file__).resolve().parents[1]

EXPERIMENTS = [
    "exp0",
    "exp1",
    "exp10",
    "exp11",
    "exp12",
    "exp13",
    "exp2",
    "exp3",
    "exp4",
    "exp5",
    "exp6",
    "exp7",
    "exp8a",
    "exp8b",
    "exp9",
]


def kedro_run(params: dict[str, Any], *arguments: str) -> str:
    """Give the command; the project's own kedro, which Airflow's Python can't import."""
    kedro = Variable.get(
        "cifar_kedro_command", default=shlex.quote(f"{PROJECT}/.venv/bin/kedro")
    )
    return f"{kedro} {shlex.join(['run', '--env', params['env'], *arguments])}"


@task
def list_seeds(params: dict[str, Any]) -> list[int]:
    """Name the seeds of this run: Airflow maps over what a task returns."""
    return params["seeds"]


# All seeds share the files of the images, and the archive that is fetched.
@task.bash(max_active_tis_per_dag=1)
def data_engineering(seed: int, params: dict[str, Any]) -> str:
    """Make the split of a seed."""
    return kedro_run(
        params, "--pipelines", "data_engineering", "--params", f"seed={seed}"
    )


@task.bash
def train(experiment: str, seed: int, params: dict[str, Any]) -> str:
    """Train, test and draw one experiment, on the split that is there."""
    if experiment not in params["experiments"]:
        raise AirflowSkipException(f"{experiment} is not among this run's experiments")
    only = ("--pipelines", experiment, "--namespaces", experiment)
    return kedro_run(params, *only, "--params", f"seed={seed}")


# Of whatever has run, so also after failures.
@task.bash(trigger_rule="all_done")
def reporting(params: dict[str, Any]) -> str:
    """Write summary and report."""
    return kedro_run(params, "--pipelines", "reporting")


@task_group
def one_seed(seed: int) -> None:
    """Make the split, then run every experiment on it."""
    split = data_engineering(seed)
    for experiment in EXPERIMENTS:
        split >> train.override(task_id=experiment)(experiment, seed)


@dag(
    schedule=None,
    max_active_runs=1,
    max_active_tasks=1,
    default_args={
        "cwd": str(PROJECT),
        "retries": 2,
        "retry_delay": timedelta(minutes=1),
    },
    params={
        "env": Param("local", type="string", pattern=r"^\w+$"),
        "seeds": Param([0], type="array", items={"type": "integer"}, minItems=1),
        "experiments": Param(
            EXPERIMENTS,
            type="array",
            items={"type": "string", "enum": EXPERIMENTS},
            examples=EXPERIMENTS,
        ),
    },
)
def cifar_kedro() -> None:
    """Make the splits, run the experiments, write the report."""
    trained = one_seed.expand(seed=list_seeds())
    report = reporting()
    # The last task decides what becomes of the run: a failed experiment fails it.
    complete = EmptyOperator(task_id="complete", trigger_rule="none_failed")
    trained >> report >> complete
    trained >> complete


cifar_kedro()
