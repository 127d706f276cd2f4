"""What Airflow makes of the DAG. Runs in Airflow's own environment: docs/guides/clusters.md."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("airflow.sdk")

PATH = Path(__file__).parents[1] / "airflow_dags/cifar_kedro_dag.py"


@pytest.fixture(scope="module")
def module():
    spec = importlib.util.spec_from_file_location("cifar_kedro_dag", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def dag(module):
    return module.cifar_kedro()


def test_edges(dag, module):
    trained = {f"one_seed.{name}" for name in module.EXPERIMENTS}
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "list_seeds": {"one_seed.data_engineering"} | trained,
        "one_seed.data_engineering": trained,
        **{name: {"reporting", "complete"} for name in trained},
        "reporting": {"complete"},
        "complete": set(),
    }


def test_a_failed_experiment_fails_the_run_but_not_the_report(dag):
    assert dag.get_task("reporting").trigger_rule == "all_done"
    assert dag.get_task("complete").trigger_rule == "none_failed"


def test_one_split_is_made_at_a_time(dag):
    assert dag.get_task("one_seed.data_engineering").max_active_tis_per_dag == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("experiments", ["exp99"]),
        ("seeds", []),
        ("seeds", ["0; true"]),
        ("env", "local; true"),
    ],
)
def test_parameters_are_checked(dag, name, value):
    with pytest.raises(ValueError, match=name):
        dag.params[name] = value


def test_commands(module, monkeypatch):
    monkeypatch.setattr(module.Variable, "get", lambda name, default: default)
    params = {"env": "sample", "experiments": ["exp9"]}
    kedro = f"{PATH.parents[1]}/.venv/bin/kedro run --env sample --pipelines"
    assert module.data_engineering.function(3, params) == (
        f"{kedro} data_engineering --params seed=3"
    )
    assert module.train.function("exp9", 3, params) == (
        f"{kedro} exp9 --namespaces exp9 --params seed=3"
    )
    assert module.reporting.function(params) == f"{kedro} reporting"
    with pytest.raises(module.AirflowSkipException, match="exp0 is not among"):
        module.train.function("exp0", 3, params)
