import pickle

import click
import pytest
from kedro.io import DatasetError as KedroDatasetError
from pydantic import Field

from cifar_kedro.config import errors
from cifar_kedro.config.base import Strict
from cifar_kedro.config.errors import SettingsError, UserError, check_section


class Inner(Strict):
    size: int = Field(default=1, ge=1)
    names: list[str] = Field(default=[])
    kind: bool | int | None = None


class Outer(Strict):
    inner: Inner
    inners: list[Inner] = Field(default=[])


@pytest.mark.parametrize(
    ("kind", "python"),
    [
        (errors.SettingsError, ValueError),
        (errors.DatasetError, KedroDatasetError),
        (errors.MissingFileError, FileNotFoundError),
        (errors.MissingPackageError, ModuleNotFoundError),
        (errors.ServerError, ConnectionError),
        (errors.DivergenceError, FloatingPointError),
    ],
)
def test_errors_of_the_user_are_pythons_and_clicks(kind, python, capsys):
    error = kind("no such thing")
    assert isinstance(error, python) and isinstance(error, UserError)
    assert str(error) == "no such thing"
    copy = pickle.loads(pickle.dumps(error))  # as between processes
    assert (type(copy), str(copy)) == (kind, "no such thing")

    @click.command()
    def fail():
        raise error

    with pytest.raises(SystemExit) as ended:
        fail.main([])
    assert ended.value.code == 1
    assert capsys.readouterr().err == "Error: no such thing\n"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"inner": {"size": 0}}, "inner.size: received 0, expected greater than or e"),
        ({"inner": {"size": "1"}}, "inner.size: received '1', expected a whole number"),
        (
            {"inner": {"names": "x"}},
            "inner.names: received 'x', expected a list, [...]",
        ),
        ({"inner": {"names": ["x", 3]}}, "inner.names[1]: received 3, expected text"),
        ({"inner": None}, "inner: received null, expected a section, {key: value}"),
        ({}, "inner: received nothing, expected a value"),
        ({"inner": {"siez": 3}}, "inner: unknown key 'siez' (did you mean 'size'?); "),
        ({"iner": {}}, "unknown key 'iner' (did you mean 'inner'?); allowed: inner, i"),
        (
            {"inner": {}, "inners": [{}, {"size": {"a": True}}]},
            "inners[1].size: received {a: true}, expected a whole number",
        ),
        (
            {"inner": {"kind": 1.5}},
            "inner.kind: received 1.5, expected true or false or a whole number",
        ),
        ({"inner": {"size": "x" * 999}}, f"inner.size: received '{'x' * 99}..., expec"),
    ],
)
def test_mistakes_are_said_by_key_received_and_expected(values, message):
    with pytest.raises(SettingsError) as refusal:
        check_section(Outer, values)
    assert str(refusal.value).startswith(message)
    assert "\n" not in str(refusal.value)


def test_every_mistake_has_its_line():
    with pytest.raises(SettingsError) as refusal:
        check_section(Outer, {"inner": {"size": 0, "names": 1}, "inners": 2})
    keys = [line.partition(":")[0] for line in str(refusal.value).splitlines()]
    assert keys == ["inner.size", "inner.names", "inners"]
