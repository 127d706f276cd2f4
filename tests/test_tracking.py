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
from kedro.pipeline import Node, Pipeline

from cifar_kedro import tracking
from cifar_kedro.models import network
from cifar_kedro.settings import CONFIG_LOADER_ARGS
from cifar_kedro.tracking import TrackingHooks, explain_loss, find_address
from tests.helpers.paths import ROOT
from tests.helpers.project import run
from tests.helpers.runs import PARAMETERS, make_history, make_metrics

SECRET = "http://me:hunter2@mlflow.example:5000"


def make_loader(folder, env="local"):
    return OmegaConfigLoader(folder, env=env, **CONFIG_LOADER_ARGS)


@pytest.fixture
def conf(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for env in ("base", "local"):
        (tmp_path / env).mkdir()
    return tmp_path


def test_the_address_is_that_of_the_file_or_of_the_environment(conf, monkeypatch):
    assert find_address(make_loader(conf)) is None  # a configuration without mlflow.yml
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://environment")
    assert find_address(make_loader(conf)) == "http://environment"
    (conf / "base/mlflow.yml").write_text("server: {mlflow_tracking_uri: null}")
    assert find_address(make_loader(conf)) == "http://environment"
    (conf / "local/mlflow.yml").write_text("server: {mlflow_tracking_uri: http://file}")
    assert find_address(make_loader(conf)) == "http://file"


def test_the_project_names_no_address_and_a_list_of_runs_for_each_kind(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    names = {}
    for env in ("base", "sample", "ablation", "tuning"):
        loader = make_loader(ROOT / "conf", env)
        assert find_address(loader) is None
        names[env] = loader["mlflow"]["tracking"]["experiment"]["name"]
    assert names.pop("base") == "cifar_kedro"
    assert names == {env: f"cifar_kedro-{env}" for env in names}


def test_without_an_address_nothing_of_mlflow_is_imported(conf):
    for name in ("mlflow", "kedro_mlflow"):  # to be had, if anyone asks
        (conf / f"{name}.py").touch()
    code = (
        "import sys; from pathlib import Path; from types import SimpleNamespace;"
        "from kedro.framework.startup import bootstrap_project;"
        "from kedro.framework.project import pipelines;"
        f"sys.path.insert(0, {str(conf)!r}); bootstrap_project(Path({str(ROOT)!r}));"
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
        "Runs are to be tracked at http://mlflow.example:5000, but"
    )
    assert "'.[mlflow]'" in message and "MLFLOW_TRACKING_URI" in message
    assert not (project / "data").exists()


# --- What is told ----------------------------------------------------------------------


@pytest.fixture
def sent(monkeypatch):
    """Take what would go to MLflow, which may be the next to fail."""
    taken = []

    def take(context, tracked, files):
        if tracked.name in unreachable:
            raise OSError(f"no route to {SECRET}/api")
        taken.append((tracked.name, tracked.status, len(files)))

    unreachable = set()
    monkeypatch.setattr(tracking, "_send", take)
    return SimpleNamespace(taken=taken, unreachable=unreachable)


@pytest.fixture
def hooks():
    """Give hooks that are connected, at the start of a run."""
    hooks = TrackingHooks()
    hooks._context = SimpleNamespace(config_loader={"parameters": PARAMETERS})
    hooks.before_pipeline_run()
    return hooks


class Missing(MemoryDataset):
    def _exists(self):
        return False


@pytest.fixture
def catalog():
    """Give all that three evaluated experiments have, but the sheet of images."""
    datasets = {}
    for name in ("exp0", "exp3", "exp9"):
        datasets |= {
            f"{name}.metrics": MemoryDataset(make_metrics(name)),
            f"{name}.history": MemoryDataset(make_history()),
            **{
                f"{name}.{file}": MemoryDataset(b"")
                for file in ("model", "best_model", "learning_curves")
            },
            f"{name}.augmented_images": Missing(),
        }
    return DataCatalog(datasets)


def evaluate(hooks, *names):
    for name in names:
        for output in ("metrics", "predictions"):
            hooks.after_dataset_saved(dataset_name=f"{name}.{output}")


def make_node(name, output):
    output = f"{name}.{output}" if name else output
    return Node(len, "data", output, name="node", namespace=name)


def test_what_was_evaluated_is_told_when_all_has_run(hooks, catalog, sent):
    evaluate(hooks, "exp0", "exp9")
    assert sent.taken == []
    hooks.after_pipeline_run(catalog)
    assert sent.taken == [
        ("exp0, seed 0", "FINISHED", 3),
        ("exp9, seed 0", "FINISHED", 3),
    ]


def test_another_run_of_the_same_process_is_told_by_itself(hooks, catalog, sent):
    evaluate(hooks, "exp0")
    hooks.before_pipeline_run()
    hooks.after_pipeline_run(catalog)
    assert sent.taken == []


def test_an_augmented_experiment_is_told_with_its_sheet(hooks, catalog, sent):
    for name in ("exp3", "exp9"):  # that of exp3 would be of another configuration
        catalog[f"{name}.augmented_images"] = MemoryDataset(b"")
    evaluate(hooks, "exp3", "exp9")
    hooks.after_pipeline_run(catalog)
    assert [files for *_, files in sent.taken] == [3, 4]


def test_an_experiment_that_fails_is_told_as_failed_and_the_others_as_done(
    hooks, catalog, sent
):
    evaluate(hooks, "exp0", "exp9")
    hooks.before_dataset_loaded(make_node("exp9", "learning_curves"))
    hooks.on_pipeline_error(
        ValueError(), Pipeline([make_node("exp9", "metrics")]), catalog
    )
    assert sent.taken == [
        ("exp0, seed 0", "FINISHED", 3),
        ("exp9, seed 0", "FAILED", 0),
    ]


@pytest.mark.parametrize(
    ("name", "output"), [("exp0", "learning_curves"), (None, "summary")]
)
def test_the_failure_of_a_figure_or_the_summary_is_of_no_training(
    hooks, catalog, sent, name, output
):
    node = make_node(name, output)
    hooks.before_dataset_loaded(node)
    hooks.on_pipeline_error(ValueError(), Pipeline([node]), catalog)
    assert sent.taken == []


def test_a_failure_before_the_first_node_is_of_no_training(hooks, catalog, sent):
    pipeline = Pipeline([make_node("exp0", "metrics")])
    hooks.on_pipeline_error(ValueError(), pipeline, catalog)
    assert sent.taken == []


def test_results_that_mlflow_does_not_take_cost_a_warning(hooks, catalog, sent, caplog):
    sent.unreachable.add("exp3, seed 0")
    evaluate(hooks, "exp0", "exp3", "exp9")
    hooks.after_pipeline_run(catalog)
    assert [name for name, *_ in sent.taken] == ["exp0, seed 0"]
    (record,) = [r for r in caplog.records if r.name == tracking.__name__]
    assert record.levelno == logging.WARNING
    message = record.getMessage()
    assert (
        "results of exp3, exp9: no route to http://mlflow.example:5000/api." in message
    )
    assert message.endswith(
        "kedro run --pipelines exp3,exp9 "
        "--nodes exp3.evaluate_model_node,exp9.evaluate_model_node"
    )


def test_a_failure_that_mlflow_does_not_take_stays_the_failure(
    hooks, catalog, sent, caplog
):
    sent.unreachable.add("exp9, seed 0")
    node = make_node("exp9", "metrics")
    hooks.before_dataset_loaded(node)
    hooks.on_pipeline_error(ValueError(), Pipeline([node]), catalog)
    assert "MLflow was not told of this failure: no route to http://ml" in caplog.text


def test_the_command_of_a_warning_is_about_nodes_that_exist():
    from cifar_kedro.pipeline_registry import register_pipelines

    command = explain_loss(["exp9"], OSError()).rpartition("kedro run ")[2].split()
    assert command[0] == "--pipelines" and command[2] == "--nodes"
    assert register_pipelines()[command[1]].only_nodes(command[3])


def test_patience_is_short_for_a_start_only_and_what_was_set_stays(monkeypatch):
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "7")
    with pytest.raises(OSError, match="down"), tracking._impatient():
        assert tracking.os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "2"
        assert tracking.os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "7"
        raise OSError("down")
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in tracking.os.environ
    assert tracking.os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "7"


# --- With MLflow itself ----------------------------------------------------------------


@pytest.fixture
def mlflow(project, monkeypatch):
    """Have runs tracked in a database of the project's; give MLflow's client."""
    pytest.importorskip("kedro_mlflow", reason="the extra mlflow is not installed")
    from mlflow import MlflowClient

    address = f"sqlite:///{project}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    return MlflowClient(address)


def find_runs(client):
    group = client.get_experiment_by_name("cifar_kedro-sample")
    return client.search_runs([group.experiment_id])


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
        raise ValueError("too wide")

    with monkeypatch.context() as patch:
        patch.setattr(network, "build_network", fail)
        with pytest.raises(ValueError, match="too wide"):
            run(project, "exp0")
    (found,) = find_runs(mlflow)
    assert (found.info.run_name, found.info.status) == ("exp0, seed 0", "FAILED")
    assert found.data.tags["failed_node"] == "exp0.train_model_node"
    assert found.data.params["network.dropout"] == "0.0"
    run(project, "exp0")
    statuses = sorted(again.info.status for again in find_runs(mlflow))
    assert statuses == ["FAILED", "FINISHED"]


def test_a_server_that_is_down_is_told_before_anything_runs(
    project, mlflow, monkeypatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hunter2@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ConnectionError) as refusal:
        run(project, "exp0")
    message = str(refusal.value)
    assert message.startswith("Runs are to be tracked at http://127.0.0.1:9, but: ")
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

    monkeypatch.setattr("mlflow.MlflowClient.log_artifact", fail)
    run(project, "exp0")
    (found,) = find_runs(mlflow)
    assert found.info.status == "KILLED"
    assert "MLflow has not got the results of exp0: disk full." in caplog.text
