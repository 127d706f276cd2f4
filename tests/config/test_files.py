import logging
import os
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader

from cifar_kedro.config.files import ConfigFiles, check_files, check_root, find_files
from cifar_kedro.settings import CONFIG_LOADER_ARGS
from tests.helpers.paths import ROOT

PATTERNS = CONFIG_LOADER_ARGS["config_patterns"]


def write(folder, *names, content="a: 1\n"):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def find(folder, kind="parameters"):
    return [
        p.relative_to(folder).as_posix() for p in find_files(folder, PATTERNS[kind])
    ]


def test_kedros_own_patterns_are_the_same_here():
    theirs = OmegaConfigLoader(ROOT / "conf", base_env="base").config_patterns
    assert theirs.items() <= PATTERNS.items()


def test_the_files_are_those_that_kedro_finds(tmp_path):
    names = [
        *("parameters.yml", "parameters_mine.yaml", "parameters.json"),
        *("parameters/any.yml", "parameters/deep/er.yml", "mine/deep/parameters_x.yml"),
    ]
    for number, name in enumerate(names):
        write(tmp_path, name, content=f"a{number}: 1\n")
    write(tmp_path, "parameters.toml", "other.yml", "globals.yml")
    read: set[Path] = set()
    OmegaConfigLoader(tmp_path).load_and_merge_dir_config(
        str(tmp_path), PATTERNS["parameters"], "catalog", read
    )
    assert find_files(tmp_path, PATTERNS["parameters"]) == sorted(read)
    assert len(read) == len(names)


def test_hidden_is_what_has_a_hidden_name_in_the_folder(tmp_path):
    folder = tmp_path / ".projects/conf/local"
    write(folder, "parameters.yml", ".parameters.yml", ".git/parameters.yml")
    assert find(folder) == ["parameters.yml"]


def test_links_to_files_and_folders_are_followed(tmp_path):
    write(tmp_path / ".dotfiles", "parameters.yml", "parameters/x.yml")
    local = tmp_path / "local"
    local.mkdir()
    (local / "parameters.yml").symlink_to(tmp_path / ".dotfiles/parameters.yml")
    (local / "parameters").symlink_to(tmp_path / ".dotfiles/parameters")
    (local / "parameters_loop").symlink_to(local)
    assert find(local) == ["parameters/x.yml", "parameters.yml"]


@pytest.mark.parametrize("name", ["a[b]c", "[!a]", "a*b?c", "a{b", "parameters"])
def test_a_folders_name_is_no_pattern(tmp_path, name):
    folder = tmp_path / name
    write(folder, "globals.yml", "parameters_x.yml")
    for pattern, file in [("globals.yml",) * 2, ("parameters*", "parameters_x.yml")]:
        assert ConfigFiles().glob(f"{folder}/{pattern}") == [str(folder / file)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("globals.yaml", "globals.yml"), ("globals.json", "globals.yml")),
        *(("globals_mine.yml", "globals.yml"), ("sub/globals.yml", "globals.yml")),
        *(("globals", "globals.yml"), ("globals.yml.txt", "globals.yml")),
        *(("parameter.yml", "parameters.yml"), ("Parameters.yml", "parameters.yml")),
        *(("parameters.YML", "parameters.yml"), ("params.yml", "parameters.yml")),
        *(("parameters.toml", "parameters.yml"), ("katalog.yml", "catalog.yml")),
        *(("experiments.yml", "parameters_experiments.yml"), ("creds.yml", "cred")),
    ],
)
def test_settings_that_nothing_reads_are_refused(tmp_path, name, expected):
    write(tmp_path, name)
    with pytest.raises(ValueError, match=rf"{name}: nothing reads .*/{expected}"):
        check_files(tmp_path, PATTERNS)


def test_what_may_be_no_setting_gets_a_warning(tmp_path, caplog):
    write(tmp_path, "gcp-key.json", "notes.md", "spark.yml", ".hidden.yml")
    write(tmp_path, "globals.yml", "parameters/x.yml", "mlflow.yaml", "airflow.yml")
    with caplog.at_level(logging.WARNING):
        check_files(tmp_path, PATTERNS)
    named = [record.args[0].name for record in caplog.records]
    assert named == ["gcp-key.json", "spark.yml"]


def test_a_link_that_leads_nowhere_is_refused(tmp_path):
    (tmp_path / "globals.yml").symlink_to(tmp_path / "gone.yml")
    with pytest.raises(ValueError, match=r"globals\.yml: it leads nowhere"):
        check_files(tmp_path, PATTERNS)


def test_a_folder_that_cannot_be_read_is_no_empty_one(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        check_files(tmp_path, PATTERNS)


def test_settings_outside_any_environment_are_refused(tmp_path):
    write(tmp_path, "logging.yml", "README.md", "base/globals.yml")
    check_root(tmp_path, PATTERNS)
    write(tmp_path, "globals.yml")
    with pytest.raises(ValueError, match=r"globals\.yml: received settings outside"):
        check_root(tmp_path, PATTERNS)


def test_the_projects_own_files_are_all_read(caplog):
    for folder in sorted((ROOT / "conf").iterdir()):
        if folder.is_dir() and folder.name != "local":
            check_files(folder, PATTERNS)
    check_root(ROOT / "conf", PATTERNS)
    assert not caplog.records
