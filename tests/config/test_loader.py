"""The configuration as a session reads it."""

import shutil

import pytest

from cifar_kedro import pipeline_registry
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.config.loader import ExperimentConfigLoader
from cifar_kedro.settings import CONFIG_LOADER_ARGS
from tests.helpers.experiments import load_parameters
from tests.helpers.paths import ROOT


def make_loader(env=None, **runtime_params):
    return ExperimentConfigLoader(
        ROOT / "conf",
        env=env,
        runtime_params=runtime_params,
        **CONFIG_LOADER_ARGS | {"default_run_env": "base"},
    )


def test_params_reach_any_leaf():
    parameters = make_loader(exp9={"training": {"epochs": 3}}, seed=4)["parameters"]
    assert parameters["exp9"]["training"]["epochs"] == 3
    assert parameters["exp9"]["training"]["batch_size"] == 512
    assert parameters["seed"] == 4
    assert parameters["exp8b"]["training"]["epochs"] == 200


def test_catalog_paths_carry_the_seed():
    for seed in (0, 3):
        path = make_loader(seed=seed)["catalog"]["{experiment}.model"]["filepath"]
        assert path == f"data/06_models/{{experiment}}/seed-{seed}/model.keras"


def test_the_sample_environment_never_writes_where_the_real_one_does():
    catalogs = [make_loader(env=env)["catalog"] for env in ("base", "sample")]
    real, sample = (
        {d.get("filepath") or d.get("path") for d in c.values()} for c in catalogs
    )
    assert len(sample) > 10
    assert sample & real == {None}  # the datasets in memory
    assert all(path is None or path.startswith("data/sample/") for path in sample)


@pytest.mark.parametrize("env", ["ablation", "tuning"])
def test_environments_on_real_images_share_the_archive_and_nothing_else(env):
    base, own = (make_loader(env=name)["catalog"] for name in ("base", env))
    assert own.pop("raw_images") == base["raw_images"]
    paths = {d.get("filepath") or d.get("path") for d in own.values()} - {None}
    assert len(paths) > 10
    assert all(path.startswith(f"data/{env}/") for path in paths)


def test_catalog_paths_carry_what_is_classified():
    catalog = make_loader(classify={"images": "mine", "weights": "end"})["catalog"]
    assert catalog["own_images"]["path"] == "mine"
    path = catalog["{experiment}.classified_images"]["filepath"]
    assert "/classify/{experiment}/seed-0/end/" in path


@pytest.mark.parametrize("name", ["exp99", "exp8", "sead"])
@pytest.mark.parametrize(
    "value", [{"training": {"epochs": 3}}, {"network": {}}, {"builds_on": "exp0"}, 3]
)
def test_unknown_parameters_are_refused(name, value):
    message = f"parameter '{name}': received .*, expected one of seed.* exp0, exp1"
    with pytest.raises(ValueError, match=message):
        make_loader(**{name: value})["parameters"]


def list_by_registry(project):
    return pipeline_registry.register_pipelines()


def load_by_session(project):
    return load_parameters(conf=project / "conf")


@pytest.mark.parametrize("read", [list_by_registry, load_by_session])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exp0: {title: A, builds_on: exp1}\n" * 2, "line 2: received 'exp0' twice"),
        ("\n14: {title: A}\n", "line 2: received the key 14, which YAML does not"),
        ("\non: {title: A}\n", "line 2: received the key on, which YAML does not"),
        ("null: {title: A}\n", "line 1: received the key null, which YAML does not"),
        ("2026-11-28: {title: A}\n", "experiment '2026-11-28': expected a name of"),
        ("a:\n\ttitle: A\n", "line 2: received what is not YAML"),
        ("mine: {title: 010}\n", "line 1: mine.title: received 010, expected a plain"),
        ("mine: {title: }\n", "line 1: mine.title: received no value"),
        ("- mine\n", "received a list, expected lines"),
        ("mine: {title: Kühe}\n", "line 1: received a character that is not UTF-8"),
        ("seed: 1\n", "both have seed. Keep each block in one file"),
    ],
)
def test_what_a_file_gets_wrong_is_refused_alike_by_every_command(
    project, read, text, message
):
    path = project / "conf/base/parameters_mine.yml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError) as refusal:
        read(project)
    assert message in str(refusal.value)
    assert ("experiment" in message) or str(path) in str(refusal.value)


@pytest.mark.parametrize("read", [list_by_registry, load_by_session])
def test_parts_of_a_block_in_two_files_of_an_environment_are_refused(project, read):
    path = project / "conf/base/parameters_mine.yml"
    path.write_text("exp0: {network: {global_max: true}}\n")
    with pytest.raises(SettingsError, match=r"_experiments\.yml and .*have exp0\."):
        read(project)


@pytest.mark.parametrize("read", [list_by_registry, load_by_session])
def test_an_empty_file_and_a_byte_order_mark_do_no_harm(project, read):
    (project / "conf/base/parameters_none.yml").touch()
    path = project / "conf/base/parameters_mine.yml"
    path.write_text("\ufeffmine: {title: A, builds_on: exp0}\n", encoding="utf-8")
    assert "mine" in read(project)


@pytest.mark.parametrize("kind", ["globals", "catalog", "credentials", "mlflow"])
def test_every_kind_of_configuration_is_read_strictly(project, kind):
    path = project / f"conf/local/{kind}.yml"
    path.write_text("own:\n  key: 0123\n")
    message = rf"{path}, line 2: own\.key: received 0123"
    with pytest.raises(SettingsError, match=message):
        ExperimentConfigLoader(project / "conf", **CONFIG_LOADER_ARGS)[kind]


@pytest.fixture
def conf(tmp_path, monkeypatch):
    """Give a copy of the configuration, with an empty conf/local."""
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("DISK", "/mnt/disk")
    monkeypatch.delenv("NOPE", raising=False)
    ignore = shutil.ignore_patterns("local")
    shutil.copytree(ROOT / "conf", tmp_path / "conf", ignore=ignore)
    (tmp_path / "conf/local").mkdir()
    return tmp_path / "conf"


def load(conf, key, **runtime_params):
    arguments = {"runtime_params": runtime_params, **CONFIG_LOADER_ARGS}
    return ExperimentConfigLoader(conf, **arguments)[key]


def test_every_path_of_the_catalog_starts_where_home_and_variables_lead(conf):
    (conf / "local/globals.yml").write_text(
        "data: ~/cifar\narchive: {filepath: $DISK/archive.tar.gz}\n"
    )
    (conf / "local/catalog.yml").write_text(
        "_root: $DISK/mine\nmine: {type: text.TextDataset, filepath: '${_root}/x.txt'}\n"
    )
    catalog = load(conf, "catalog", classify={"images": "~/Pictures"})
    assert catalog.pop("raw_images")["filepath"] == "/mnt/disk/archive.tar.gz"
    assert catalog.pop("own_images")["path"] == "/home/me/Pictures"
    assert catalog.pop("mine")["filepath"] == "/mnt/disk/mine/x.txt"
    paths = {d.get("filepath") or d.get("path") for d in catalog.values()} - {None}
    assert len(paths) > 10
    assert all(path.startswith("/home/me/cifar/0") for path in paths)


def test_an_address_changes_by_its_variables_only(conf, monkeypatch):
    monkeypatch.setenv("BUCKET", "team")
    (conf / "local/globals.yml").write_text("data: s3://$BUCKET/~me\n")
    path = load(conf, "catalog")["metrics"]["path"]
    assert path == "s3://team/~me/07_model_output"


@pytest.mark.parametrize("env", ["local", "ablation", "tuning", "sample"])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("data: $NOPE/cifar", "data: .*environment variable NOPE is not set"),
        ("dta: x", r"unknown key 'dta' \(did you mean 'data'"),
        (
            "data: ${oc.env:HOME}/cifar",
            r"data \(globals\): Unsupported interpolation type oc\.env\. In a path, write "
            r"an environment variable as \$NAME, without braces",
        ),
        (
            "data: ${HOME}/cifar",
            r"data \(globals\): Interpolation key 'HOME' not found",
        ),
    ],
)
def test_globals_that_would_be_ignored_or_misread_are_refused(
    conf, env, settings, message
):
    (conf / env / "globals.yml").write_text(settings)
    with pytest.raises(ValueError, match=message):
        ExperimentConfigLoader(conf, env=env, **CONFIG_LOADER_ARGS)


def test_keys_of_ones_own_are_read_by_ones_own_entries(conf):
    (conf / "local/globals.yml").write_text(
        "_root: ~/mine\nown: {folder: '${_root}'}\n"
    )
    (conf / "local/catalog.yml").write_text(
        "mine: {type: text.TextDataset, filepath: '${globals:own.folder}/x.txt'}\n"
    )
    assert load(conf, "catalog")["mine"]["filepath"] == "/home/me/mine/x.txt"


def test_a_path_of_the_catalog_with_an_unknown_variable_is_named(conf):
    (conf / "local/catalog.yml").write_text(
        "mine: {type: text.TextDataset, filepath: $NOPE/x.txt}\n"
    )
    with pytest.raises(
        ValueError, match=r"^catalog\.mine\.filepath: .* NOPE is not set"
    ):
        load(conf, "catalog")


def test_credentials_that_no_file_has_are_named(conf):
    (conf / "local/globals.yml").write_text("credentials: taem\n")
    with pytest.raises(ValueError, match=r"'taem' in globals\.yml, .* which has none"):
        load(conf, "catalog")
    (conf / "local/credentials.yml").write_text("team: {key: x}\n")
    with pytest.raises(ValueError, match="which has team"):
        load(conf, "catalog")


def test_what_lies_below_data_takes_the_credentials_unless_it_names_its_own(
    conf, monkeypatch
):
    monkeypatch.setenv("BUCKET", "team")
    (conf / "local/globals.yml").write_text("data: s3://$BUCKET/\ncredentials: team\n")
    (conf / "local/credentials.yml").write_text("team: {key: x}\nother: {key: y}\n")
    (conf / "local/catalog.yml").write_text(
        "'{name}.mine': {type: a.Dataset, filepath: '${globals:data}/{name}.txt'}\n"
        "folder: {type: a.Dataset, path: s3://team, fs_args: {anon: true}}\n"
        "named: {type: a.Dataset, path: s3://team/a, credentials: other}\n"
        "anonymous: {type: a.Dataset, path: s3://team/a, credentials: null}\n"
        "elsewhere: {type: a.Dataset, filepath: s3://team-archive/a}\n"
    )
    catalog = load(conf, "catalog", classify={"images": "s3://photos"})
    assert catalog["folder"]["fs_args"] == {"anon": True}
    given = {name: entry.get("credentials") for name, entry in catalog.items()}
    assert given.pop("named") == "other"
    assert "credentials" not in catalog["anonymous"]  # some datasets take none
    others = {"anonymous", "elsewhere", "results", "{part}_images"}
    others |= {"{experiment}_evaluated"}
    assert {name for name, credentials in given.items() if not credentials} == others
    assert set(given.values()) == {"team", None}


def test_archive_and_own_images_take_the_credentials_elsewhere_too(conf):
    (conf / "local/credentials.yml").write_text("team: {key: x}\n")
    (conf / "local/globals.yml").write_text(
        "data: s3://team\ncredentials: team\narchive: {filepath: s3://raw/a.tar.gz}\n"
    )
    catalog = load(conf, "catalog", classify={"images": "s3://photos"})
    assert catalog["raw_images"]["credentials"] == "team"
    assert catalog["own_images"]["credentials"] == "team"


@pytest.mark.parametrize(
    ("file", "text", "key"),
    [
        ("mlflow", "sever: {}", "sever"),
        ("mlflow", "server: {mlflow_traking_uri: x}", "mlflow_traking_uri"),
        ("airflow", "default: {retris: 1}", "retris"),
    ],
)
def test_misspelt_keys_of_plugins_are_refused(conf, file, text, key):
    (conf / f"local/{file}.yml").write_text(f"{text}\n")
    with pytest.raises(ValueError, match=rf"unknown key '{key}' \(did you mean"):
        load(conf, file)


def test_the_address_of_mlflow_is_a_path_too(conf):
    (conf / "local/mlflow.yml").write_text("server: {mlflow_tracking_uri: ~/runs}\n")
    assert load(conf, "mlflow")["server"]["mlflow_tracking_uri"] == "/home/me/runs"


def mount_config_map(folder, **files):
    """Lay out files as Kubernetes does: links, so that all of them change at once."""
    (folder / "..2026_01_01_00_00_00.1").mkdir(parents=True)
    (folder / "..data").symlink_to("..2026_01_01_00_00_00.1")
    for name, content in files.items():
        (folder / "..data" / f"{name}.yml").write_text(content)
        (folder / f"{name}.yml").symlink_to(f"..data/{name}.yml")


def test_a_config_map_is_read(conf):
    (conf / "local").rmdir()
    files = {"globals": "data: /mnt/team\n", "credentials": "team: {key: x}\n"}
    mount_config_map(
        conf / "local",
        **files,
        parameters="seed: 4\n",
        parameters_mine="mine: {title: Mine, builds_on: exp0}\n",
    )
    loader = ExperimentConfigLoader(conf, **CONFIG_LOADER_ARGS)
    assert loader["catalog"]["metrics"]["path"] == "/mnt/team/07_model_output"
    assert loader["parameters"]["seed"] == 4
    assert loader["parameters"]["mine"]["builds_on"] == "exp0"
    assert loader["credentials"] == {"team": {"key": "x"}}


@pytest.mark.parametrize("place", [".dotfiles", ".projects/x/conf[1]"])
def test_configuration_behind_a_link_is_read(conf, tmp_path, place):
    (tmp_path / place).parent.mkdir(exist_ok=True, parents=True)
    (conf / "local").rename(tmp_path / place)
    (conf / "local").symlink_to(tmp_path / place)
    (conf / "local/globals.yml").write_text("data: /mnt/team\n")
    assert load(conf, "catalog")["metrics"]["path"] == "/mnt/team/07_model_output"


@pytest.mark.parametrize(
    "name", [".projects", "a[b]c", "a{b", "~", "q?*", "a#b %20", "dol$lar"]
)
def test_the_folder_of_the_configuration_may_have_any_name(conf, tmp_path, name):
    conf = conf.rename(tmp_path / name)
    assert len(load(conf, "parameters")) > 14
    assert load(conf, "globals")["data"] == "data"


def test_stray_settings_are_refused(conf):
    (conf / "local/globals.yaml").write_text("data: /mnt/team\n")
    with pytest.raises(ValueError, match=r"local/globals\.yaml: nothing reads a file"):
        load(conf, "parameters")
