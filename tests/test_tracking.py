"""When MLflow is told of what, and what a run does without it."""

import json
import logging
import subprocess
import sys
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node

from cifar_kedro import tracking
from cifar_kedro.models import network
from cifar_kedro.settings import CONFIG_LOADER_ARGS
from cifar_kedro.tracking import TrackingHooks, list_scores
from tests.helpers.paths import ROOT
from tests.helpers.project import run
from tests.helpers.runs import EXPERIMENTS, PARAMETERS, make_history, make_metrics

SECRET = "http://me:hunter2@mlflow.example:5000"
NEW_YEAR = 1_767_225_600_000  # 2026, ms


# --- Whether anything is told ----------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "environment", "address"),
    [
        (None, "", None),
        (None, "http://environment", "http://environment"),
        ("http://file", "http://environment", "http://file"),
        ("http://me:hunter2@file", "", "http://file"),
    ],
)
def test_the_address_is_that_of_the_file_or_of_the_environment(
    monkeypatch, file, environment, address
):
    asked = []
    monkeypatch.setattr(tracking, "_connect", lambda _, address: asked.append(address))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", environment)
    server = {"server": {"mlflow_tracking_uri": file}}
    context = SimpleNamespace(config_loader={"mlflow": server})
    TrackingHooks().after_context_created(context)
    assert asked == ([address] if address else [])


def test_the_project_names_no_address_and_a_list_of_runs_for_each_kind():
    names = {}
    for env in ("base", "sample", "ablation", "tuning"):
        loader = OmegaConfigLoader(ROOT / "conf", env=env, **CONFIG_LOADER_ARGS)
        assert loader["mlflow"]["server"]["mlflow_tracking_uri"] is None
        names[env] = loader["mlflow"]["tracking"]["experiment"]["name"]
    assert names.pop("base") == "cifar_kedro"
    assert names == {env: f"cifar_kedro-{env}" for env in names}


def test_without_an_address_nothing_of_mlflow_is_imported(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for name in ("mlflow", "kedro_mlflow"):  # to be had, if anyone asks
        (tmp_path / f"{name}.py").touch()
    code = (
        "import sys; from pathlib import Path; from types import SimpleNamespace;"
        "from kedro.framework.startup import bootstrap_project;"
        "from kedro.framework.project import pipelines;"
        f"sys.path.insert(0, {str(tmp_path)!r}); bootstrap_project(Path({str(ROOT)!r}));"
        "len(pipelines); from cifar_kedro.settings import HOOKS;"
        "context = SimpleNamespace(config_loader={'mlflow': {}});"
        "HOOKS[0].after_context_created(context); HOOKS[0].after_pipeline_run(None);"
        "sys.exit(', '.join({'mlflow', 'kedro_mlflow'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_an_address_without_the_package_is_refused(project, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", SECRET)
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError) as refusal:
        run(project, "exp0")
    message = str(refusal.value)
    assert message.startswith(
        "Runs are to be tracked at http://mlflow.example:5000. Nothing was run: "
    )
    assert "'.[mlflow]'" in message and "MLFLOW_TRACKING_URI" in message
    assert not (project / "data").exists()


# --- Which experiments are told --------------------------------------------------------


@pytest.fixture
def told(monkeypatch):
    """Take what would go to MLflow, which may have no place for some."""
    taken, refused = [], set()

    def take(name, status):
        if name in refused:
            raise OSError(f"no route to {SECRET}/api")
        taken.append((name, status))

    monkeypatch.setattr(
        tracking, "_log_evaluation", lambda _, __, name: take(name, "FINISHED")
    )
    monkeypatch.setattr(
        tracking, "_log_failure", lambda _, __, node, error: take(node.namespace, error)
    )
    return SimpleNamespace(taken=taken, refused=refused)


def make_node(experiment, output, tags="modelling"):
    name = f"{experiment}.{output}" if experiment else output
    return Node(len, "data", name, name=output, namespace=experiment, tags=tags)


def work(*nodes):
    """Give hooks that are connected and have seen these nodes at work."""
    hooks = TrackingHooks()
    hooks._group, hooks._nodes = "1", {}
    for node in nodes:
        hooks.before_dataset_loaded(node)
    return hooks


EXP0, EXP3, EXP9 = (make_node(name, "metrics") for name in ("exp0", "exp3", "exp9"))
TRAINING = make_node("exp9", "model")


def test_what_was_evaluated_is_told_when_all_has_run(told):
    hooks = work(TRAINING, EXP0, EXP0, EXP9, make_node("exp3", "plot", "reporting"))
    assert told.taken == []
    hooks.after_pipeline_run(None)
    assert told.taken == [("exp0", "FINISHED"), ("exp9", "FINISHED")]


@pytest.mark.parametrize("last", [EXP9, TRAINING])
def test_an_experiment_that_fails_is_told_as_failed_and_the_others_as_done(told, last):
    work(EXP0, last).on_pipeline_error(ValueError(), None)
    assert told.taken == [("exp0", "FINISHED"), ("exp9", "ValueError")]


@pytest.mark.parametrize(("name", "output"), [("exp0", "plot"), (None, "summary")])
def test_the_failure_of_a_figure_or_the_summary_is_of_no_training(told, name, output):
    node = make_node(name, output, "reporting")
    work(EXP0, node).on_pipeline_error(ValueError(), None)
    assert told.taken == [("exp0", "FINISHED")]


def test_a_failure_before_the_first_node_is_of_no_training(told):
    work().on_pipeline_error(ValueError(), None)
    assert told.taken == []


def test_results_that_mlflow_does_not_take_cost_a_warning(told, caplog):
    told.refused.add("exp3")
    work(EXP0, EXP3, EXP9).after_pipeline_run(None)
    assert told.taken == [("exp0", "FINISHED")]
    (record,) = [r for r in caplog.records if r.name == tracking.__name__]
    assert record.levelno == logging.WARNING
    message = record.getMessage()
    assert "the results of exp3, exp9: no route to http://mlflow.example:5000/api." in (
        message
    )
    assert message.endswith("run --pipelines NAME --nodes NAME.evaluate_model_node")


def test_a_failure_that_mlflow_does_not_take_stays_the_failure(told, caplog):
    told.refused.add("exp9")
    work(TRAINING).on_pipeline_error(ValueError(), None)
    assert "MLflow has not got this failure: no route to http://mlflow." in caplog.text


def test_the_command_of_a_warning_is_about_a_node_that_exists():
    from cifar_kedro.pipeline_registry import register_pipelines

    assert register_pipelines()["exp9"].only_nodes("exp9.evaluate_model_node")


def test_the_scores_are_named_as_in_the_summary():
    views = {"test_accuracy": 0.9, "test_cross_entropy": 0.3}
    scores = list_scores(make_metrics(test_time_views=views))
    assert scores["test_accuracy_end"] == 0.75
    assert scores["test_accuracy_views"] == 0.9
    kinds = ("train_accuracy", "validation_accuracy", *views)
    assert scores.keys() == {
        *(f"{kind}_{weights}" for weights in ("end", "best") for kind in kinds),
        *("test_accuracy_views", "test_cross_entropy_views"),
        *("parameters", "epochs", "best_epoch", "training_seconds"),
    }


# --- With MLflow itself ----------------------------------------------------------------


@pytest.fixture
def mlflow(project, monkeypatch):
    """Have runs tracked in a database of the project's; give MLflow's client."""
    pytest.importorskip("kedro_mlflow", reason="the extra mlflow is not installed")
    import mlflow

    address = f"sqlite:///{project}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    mlflow.set_tracking_uri(address)
    return mlflow.MlflowClient(address)


@pytest.fixture
def group(mlflow, tmp_path):
    """Make a list of runs; give its id."""
    return mlflow.create_experiment("own", artifact_location=str(tmp_path / "own"))


def find_runs(client, group=None):
    group = group or client.get_experiment_by_name("cifar_kedro-sample").experiment_id
    return client.search_runs([group])


def test_a_run_is_found_in_mlflow_with_all_that_it_made(project, mlflow):
    run(project, "exp0", "reporting", params={"max_epochs": 2})
    (found,) = find_runs(mlflow)  # none of kedro-mlflow's own
    assert (found.info.run_name, found.info.status) == ("exp0, seed 0", "FINISHED")
    assert found.data.params["training.optimizer.learning_rate"] == "0.001"
    assert found.data.params["max_epochs"] == "2"
    folder = project / "data/sample"
    metrics = json.loads(
        (folder / "07_model_output/exp0/seed-0/metrics.json").read_text()
    )
    told = found.data.metrics
    assert told["test_accuracy_end"] == metrics["weights"]["end"]["test_accuracy"]
    assert "architecture_only" not in told
    curve = mlflow.get_metric_history(found.info.run_id, "val_loss")
    assert [point.step for point in curve] == [1, 2]
    artifacts = [file.path for file in mlflow.list_artifacts(found.info.run_id)]
    assert set(artifacts) == {
        *("model.keras", "best_model.keras", "learning_curves.png", "metrics.json")
    }
    copy = mlflow.download_artifacts(found.info.run_id, "model.keras", str(project))
    model = folder / "06_models/exp0/seed-0/model.keras"
    assert open(copy, "rb").read() == model.read_bytes()


def test_a_run_that_fails_is_found_as_failed_and_its_next_try_as_another(
    project, mlflow, monkeypatch
):
    def fail(*_):
        raise ValueError("s3://me:hunter2@store")

    with monkeypatch.context() as patch:
        patch.setattr(network, "build_network", fail)
        with pytest.raises(ValueError, match="hunter2"):
            run(project, "exp0")
    (found,) = find_runs(mlflow)
    assert (found.info.run_name, found.info.status) == ("exp0, seed 0", "FAILED")
    assert found.data.tags["failed_node"] == "exp0.train_model_node"
    assert found.data.tags["error"] == "ValueError"
    assert found.data.params["network.dropout"] == "0.0"
    assert found.data.params["validation_images"] == "300"
    assert "hunter2" not in str(found.to_dictionary())
    run(project, "exp0")
    statuses = sorted(again.info.status for again in find_runs(mlflow))
    assert statuses == ["FAILED", "FINISHED"]


def make_catalog(name, **changes):
    """Give what an evaluated experiment has, but no files."""
    missing = Mock(exists=lambda: False)
    metrics = make_metrics(name, **changes)
    files = {f"{name}.{file}": missing for file in tracking.FILES}
    history = make_history(val_accuracy=0.8)
    data = {f"{name}.metrics": metrics, f"{name}.history": history}
    return SimpleNamespace(load=data.__getitem__, get=files.__getitem__)


@pytest.mark.parametrize("commit", ["c0ffee", None])
def test_a_run_has_time_and_parameters_of_the_training_not_of_today(
    mlflow, group, commit
):
    catalog = make_catalog("exp9")
    provenance = catalog.load("exp9.metrics")["provenance"]
    provenance["parameters"]["network"]["dropout"] = 0.123
    provenance["code"]["commit"] = commit
    tracking._log_evaluation(group, catalog, "exp9")
    (found,) = find_runs(mlflow, group)
    assert (found.info.start_time, found.info.end_time) == (NEW_YEAR, NEW_YEAR + 60_500)
    assert found.data.params["network.dropout"] == "0.123"
    assert (
        found.data.tags.items()
        >= {
            "experiment": "exp9",
            "architecture_only": "false",
            "mlflow.note.content": "Learning rate 0.01, data augmentation",
            "mlflow.source.name": "cifar_kedro",
            "mlflow.source.git.commit": commit or "unknown",
        }.items()
    )
    curve = mlflow.get_metric_history(found.info.run_id, "val_accuracy")
    assert [point.step for point in curve] == [*range(1, 21)]
    times = [curve[0].timestamp, curve[-1].timestamp]
    assert times == [NEW_YEAR + 2000, NEW_YEAR + 40_000]
    assert curve[-1].value == pytest.approx(0.8)


def test_the_parameters_of_every_experiment_are_taken_leaf_by_leaf(mlflow, group):
    for name in EXPERIMENTS:
        parameters = {"parameters": PARAMETERS, f"params:{name}": PARAMETERS[name]}
        node = make_node(name, "model")
        catalog = DataCatalog({k: MemoryDataset(v) for k, v in parameters.items()})
        tracking._log_failure(group, catalog, node, "ValueError")
    found = {r.data.tags["experiment"]: r.data.params for r in find_runs(mlflow, group)}
    assert found.keys() == EXPERIMENTS.keys()
    for name, params in found.items():
        training = EXPERIMENTS[name].model_dump()["training"]
        assert params["training.optimizer.name"] == training["optimizer"]["name"]
        assert params["training.epochs"] == str(training["epochs"])
        assert params["network.blocks"].startswith("[{'filters': [")
        assert params["seed"] == "0"


def test_a_server_that_is_down_is_told_before_anything_runs(
    project, mlflow, monkeypatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hunter2@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ConnectionError) as refusal:
        run(project, "exp0")
    message = str(refusal.value)
    assert message.startswith("Runs are to be tracked at http://127.0.0.1:9. Nothing")
    assert "Connection refused" in message and "hunter2" not in message
    assert refusal.value.__suppress_context__  # the cause shows the password
    assert not (project / "data").exists()


def test_the_password_of_an_address_is_not_printed(mlflow, monkeypatch, capsys):
    from mlflow import MlflowClient
    from mlflow.store.tracking.rest_store import RestStore

    for request in ("update_run_info", "get_run"):
        monkeypatch.setattr(RestStore, request, Mock())
    MlflowClient(SECRET).set_terminated("run")
    assert "hunter2" not in capsys.readouterr().out


def test_a_run_that_mlflow_did_not_get_whole_does_not_look_finished(
    project, mlflow, monkeypatch, caplog
):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("mlflow.MlflowClient.log_stream", fail)
    run(project, "exp0")
    (found,) = find_runs(mlflow)
    assert found.info.status == "KILLED"
    assert "MLflow has not got the results of exp0: disk full." in caplog.text
