"""The checked-in Airflow DAG against the project: what Airflow makes of it is next door."""

import ast
import shutil
import sys

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.io import MemoryDataset
from kedro.pipeline import Pipeline

from cifar_kedro.config.inheritance import is_experiment
from tests.helpers.experiments import load_parameters
from tests.helpers.paths import ROOT
from tests.helpers.project import call

DAG = ROOT / "airflow_dags/cifar_kedro_dag.py"


@pytest.fixture(scope="module")
def dag():
    return ast.parse(DAG.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def experiments(dag):
    (value,) = (
        node.value
        for node in dag.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets) == "EXPERIMENTS"
    )
    return ast.literal_eval(value)


def test_it_is_what_its_command_makes_of_the_configuration(project, dag):
    pytest.importorskip("kedro_airflow")
    folder = project / "airflow_dags"
    folder.mkdir()
    shutil.copy(DAG.with_suffix(".py.j2"), folder)
    command = ast.get_docstring(dag).splitlines()[-1]
    call(project, *command.split())
    made = (folder / DAG.name).read_text(encoding="utf-8")
    assert made == DAG.read_text(encoding="utf-8"), f"run: {command}"


def test_it_has_every_experiment(experiments):
    parameters = load_parameters()
    assert experiments == sorted(k for k, v in parameters.items() if is_experiment(v))


def test_it_imports_nothing_that_airflow_lacks(dag):
    imported = {
        name.split(".")[0]
        for node in ast.walk(dag)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or node.names[0].name]
    }
    assert imported - sys.stdlib_module_names == {"airflow"}


def test_its_tasks_make_the_default_pipeline_and_share_files_only(project, experiments):
    with KedroSession.create(project_path=project, env="sample") as session:
        catalog = session.load_context().catalog
    tasks = [
        pipelines["data_engineering"],
        *(
            pipelines[name].only_nodes_with_namespaces([name])  # as --namespaces does
            for name in experiments
        ),
        pipelines["reporting"],
    ]
    default = pipelines["__default__"]
    assert sum(tasks, Pipeline([])).nodes == default.nodes
    assert sum(len(task.nodes) for task in tasks) == len(default.nodes)

    made = {name for task in tasks for node in task.nodes for name in node.outputs}
    shared = set().union(*(task.inputs() & made for task in tasks))
    in_memory = {n for n in shared if isinstance(catalog.get(n), MemoryDataset)}
    assert {"development", "split", "test"} < shared
    # What only orders nodes, and is true in a run without the experiment: see the catalog.
    assert in_memory == {f"{name}_evaluated" for name in experiments}
