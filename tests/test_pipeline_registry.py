import subprocess
import sys

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession

from cifar_kedro import pipeline_registry
from tests.helpers.experiments import load_parameters
from tests.helpers.paths import ROOT
from tests.helpers.project import copy_project

EXPERIMENTS = [name for name in load_parameters() if name.startswith("exp")]


def nodes_of(name):
    return {node.name for node in pipelines[name].nodes}


def test_registers_one_pipeline_per_experiment_and_their_sums(project):
    assert set(pipelines) == {
        *EXPERIMENTS,
        *("__default__", "data_engineering", "modelling", "reporting", "exp8"),
        "classify",
    }
    assert nodes_of("exp8") == nodes_of("exp8a") | nodes_of("exp8b")
    everything = nodes_of("reporting").union(*map(nodes_of, EXPERIMENTS))
    assert nodes_of("__default__") == everything
    assert nodes_of("modelling") <= everything
    assert not nodes_of("classify") & everything


def test_an_experiment_wins_over_a_group_of_its_name(project):
    path = project / "conf/base/parameters_experiments.yml"
    blocks = "exp0b: {title: B, builds_on: exp0}\nexp8: {title: E, builds_on: exp0}\n"
    path.write_text(path.read_text() + blocks)
    assert "exp0.train_model_node" in nodes_of("exp0")
    assert "exp0b.train_model_node" not in nodes_of("exp0")
    assert "exp8.train_model_node" in nodes_of("exp8")


@pytest.mark.parametrize(
    "name", ["parameters_x.yaml", "parameters_x.json", "parameters/x.yml"]
)
def test_without_a_session_experiments_are_read_where_a_session_reads_them(
    project, name
):
    path = project / "conf/base" / name
    target = project / ".hidden/..data/x"  # as of a mounted ConfigMap
    for folder in (path.parent, target.parent):
        folder.mkdir(parents=True, exist_ok=True)
    target.write_text('{"mine": {"title": "Mine", "builds_on": "exp0"}}')
    path.symlink_to(target)
    assert "mine.train_model_node" in nodes_of("mine")
    pipelines.configure(pipeline_registry.__name__)
    with KedroSession.create(project_path=project) as session:
        session.load_context()
        assert "mine.train_model_node" in nodes_of("mine")


def test_without_a_session_stray_settings_are_refused(project):
    (project / "conf/base/experiments.yml").write_text("mine: {builds_on: exp0}\n")
    with pytest.raises(ValueError, match=r"Expected .*/parameters_experiments\.yml"):
        nodes_of("exp0")


@pytest.mark.parametrize(("name", "augmented"), [("exp5", False), ("exp9", True)])
def test_an_experiment_brings_its_data_and_ends_with_its_figures(
    project, name, augmented
):
    nodes = [node.name for node in pipelines[name].nodes]
    assert {"load_images_node", f"{name}.train_model_node"} < set(nodes)
    assert f"{name}.plot_learning_curves_node" in nodes
    assert (f"{name}.plot_augmented_images_node" in nodes) == augmented
    # all that it takes from outside comes from the catalog or the parameters
    assert pipelines[name].inputs() == {
        "raw_images",
        *("params:seed", "params:validation_images", "params:max_epochs"),
        *(f"params:{name}", "params:execution", f"{name}.checkpoint"),
    }


def test_the_summary_waits_for_every_experiment_of_its_run(project):
    order = [node.name for node in (pipelines["reporting"] + pipelines["exp8"]).nodes]
    for part in ("exp8a", "exp8b"):
        assert order.index(f"{part}.evaluate_model_node") < order.index(
            "summarise_runs_node"
        )
        assert order.index(f"{part}.evaluate_model_node") < order.index(
            "read_results_node"
        )
    # Only a figure in the report, and no edge: the report is written last anyway.
    assert order[-1] == "write_report_node"


def test_the_experiment_that_classifies_is_the_sessions(project):
    chosen = {"classify": {"experiment": "exp9", "weights": "end"}}
    with KedroSession.create(project_path=project, runtime_params=chosen) as session:
        session.load_context()
        assert pipelines["classify"].inputs() == {
            *("exp9.model", "exp9.provenance", "own_images"),
            *("params:classify", "params:seed"),
        }
        order = [
            node.name for node in (pipelines["classify"] + pipelines["exp9"]).nodes
        ]
        assert order.index("exp9.train_model_node") < order.index(
            "exp9.classify_images_node"
        )


def test_experiments_of_another_environment_are_registered_too(project):
    (project / "conf/local/parameters_experiments.yml").write_text(
        "mine: {title: Mine, builds_on: exp0}\n"
    )
    with KedroSession.create(project_path=project) as session:
        session.load_context()
        assert "mine.train_model_node" in nodes_of("mine")


def test_a_second_session_of_a_process_has_the_pipelines_of_its_own_environment(
    project,
):
    (project / "conf/other").mkdir()
    (project / "conf/other/parameters_experiments.yml").write_text(
        "mine: {title: Mine, builds_on: exp0}\n"
    )
    for env, there in (("sample", False), ("other", True), ("sample", False)):
        with KedroSession.create(project_path=project, env=env) as session:
            session.load_context()
            assert ("mine" in pipelines) == there


def test_a_checkout_may_lie_in_a_folder_of_nearly_any_name(tmp_path, monkeypatch):
    folder = copy_project(tmp_path / "a[b] #?*%20ñ$x/.y", monkeypatch)
    with KedroSession.create(project_path=folder, env="sample") as session:
        model = session.load_context().catalog["exp0.model"]
    assert model.storage[1] == f"{folder}/data/sample/06_models/exp0/seed-0/model.keras"


def test_registering_imports_nothing_heavy():
    code = (
        "import os, sys; from kedro.framework.startup import bootstrap_project;"
        "from kedro.framework.project import pipelines;"
        f"bootstrap_project({str(ROOT)!r}); os.chdir({str(ROOT)!r}); len(pipelines);"
        "heavy = {'tensorflow', 'keras', 'matplotlib', 'sklearn', 'scipy', 'pooch',"
        "'statsmodels', 'plotly'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0
