"""What a session does with the configuration in use."""

import re
from pathlib import Path

import pytest
from kedro.framework.session import KedroSession

from cifar_kedro.hooks.experiments import check_project_path, find_misspelt_entries
from tests.helpers.project import run


@pytest.mark.parametrize("name", ["a{b}c", "}", "col::on"])
def test_a_project_whose_path_the_catalog_would_misread_is_refused(name):
    folder = Path("/home") / name
    with pytest.raises(ValueError, match=re.escape(f"lies in {folder}. Expected a")):
        check_project_path(folder)
    check_project_path(Path("/home/a[b] c?*#%$"))


def test_entries_that_were_meant_to_take_anothers_place_are_found():
    used = {"exp9.model", "exp9.history", "metrics"}
    entries = [
        *("exp9.modle", "{experiment}.modle", "metrcs"),
        *("exp9.model", "{experiment}.model", "metrics", "my_table", "{own}.table"),
    ]
    assert find_misspelt_entries(entries, used) == {
        "exp9.modle": "exp9.model",
        "metrcs": "metrics",
        "{experiment}.modle": "{experiment}.model",
    }


def test_a_session_warns_of_a_misspelt_entry_and_of_no_other(project, caplog):
    entry = "type: MemoryDataset"
    (project / "conf/local/catalog.yml").write_text(f"exp9.modle: {{{entry}}}\n")
    with KedroSession.create(project_path=project) as session:
        assert "exp9.modle" in session.load_context().catalog
    said = [r.getMessage() for r in caplog.records if "catalog entry" in r.msg]
    assert said == [
        "catalog entry 'exp9.modle': no pipeline uses it. Did you mean 'exp9.model'?"
    ]


def test_a_wrong_keras_is_refused_before_anything_is_done(project, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jaxx")
    with pytest.raises(ValueError, match=r"KERAS_BACKEND: received 'jaxx'"):
        run(project, "exp0")
    assert not list((project / "data").rglob("*.npz"))
    run(project, "data_engineering")  # which needs no Keras
