"""What a block takes from the one that it builds on."""

import pytest
import yaml

from cifar_kedro.config.inheritance import inherit_experiments


def test_sections_merge_key_by_key_and_lists_are_replaced():
    parameters = {
        "a": {"network": {"dropout": 0.1, "dense": [1, 2]}, "title": "A"},
        "b": {"builds_on": "a", "network": {"dense": [3]}, "title": "B"},
        "c": {"builds_on": "b", "network": None, "title": "C"},
    }
    complete = inherit_experiments(parameters)
    assert complete["b"] == {
        "builds_on": "a",
        "name": "b",
        "network": {"dropout": 0.1, "dense": [3]},
        "title": "B",
    }
    assert complete["c"]["network"] is None


def test_what_the_report_says_is_not_inherited():
    parameters = {
        "a": {"title": "A", "reported": {}},
        "b": {"title": "B", "builds_on": "a"},
    }
    assert "reported" not in inherit_experiments(parameters)["b"]


def test_inheritance_leaves_its_input_alone():
    parameters = {
        "a": {"title": "A", "network": {"l2": 0.0}},
        "b": {"title": "B", "builds_on": "a"},
        "seed": 0,
    }
    before = yaml.safe_dump(parameters)
    inherit_experiments(parameters)["b"]["network"]["l2"] = 1.0
    assert yaml.safe_dump(parameters) == before


@pytest.mark.parametrize("parent", ["z", "seed", 3, ["b"], {}])
def test_unknown_parent_is_refused(parent):
    with pytest.raises(ValueError, match=r"b.builds_on: received .*, expected .* b"):
        inherit_experiments({"b": {"title": "B", "builds_on": parent}, "seed": 0})


@pytest.mark.parametrize("names", ["a", "ab", "abc"])
def test_circles_are_refused(names):
    blocks = {
        name: {"title": name, "builds_on": names[i - 1]} for i, name in enumerate(names)
    }
    with pytest.raises(ValueError, match=r"in a circle: a -> .*a"):
        inherit_experiments(blocks)


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/b", "my exp", "exp.x", "a{b}", "9", "", "reporting", "classify"],
)
def test_names_that_paths_or_pipelines_cannot_have_are_refused(name):
    with pytest.raises(ValueError, match="expected a name of letters, digits and _"):
        inherit_experiments({name: {"title": "T"}})


def test_a_block_is_named_by_its_key_alone():
    with pytest.raises(ValueError, match=r"exp0\.name: received 'mine', expected none"):
        inherit_experiments({"exp0": {"title": "Mine", "name": "mine"}})


def test_names_that_differ_in_case_only_are_refused():
    with pytest.raises(
        ValueError, match=r"experiment 'exp0': expected names that differ"
    ):
        inherit_experiments({"exp0": {"title": "T"}, "Exp0": {"title": "T"}})
