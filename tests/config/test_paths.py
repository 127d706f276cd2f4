import pwd

import pytest

from cifar_kedro.config import Backbone, Classify
from cifar_kedro.config.paths import expand_path, expand_paths


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("DISK", "/mnt/disk")
    monkeypatch.setenv("TILDE", "~/cifar")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("NOPE", raising=False)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("~", "/home/me"),
        ("~/cifar", "/home/me/cifar"),
        ("$DISK/cifar", "/mnt/disk/cifar"),
        ("${DISK}s/cifar", "/mnt/disks/cifar"),
        ("$TILDE/x", "/home/me/cifar/x"),
        ("data/~/x", "data/~/x"),
        ("data", "data"),
        ("cost$/5 %", "cost$/5 %"),
        ("s3://team/~me", "s3://team/~me"),
        ("s3:/$DISK/x", "s3://mnt/disk/x"),
    ],
)
def test_home_and_variables_are_expanded_and_all_else_stays(written, meant):
    assert expand_path(written) == meant


@pytest.mark.parametrize("path", ["$NOPE/x", "${NOPE}/x", "$DISK/$NOPE", "s3://$NOPE"])
def test_a_variable_that_is_not_set_is_named(path):
    with pytest.raises(ValueError, match="the environment variable NOPE is not set"):
        expand_path(path)


def test_an_empty_variable_does_not_lead_to_the_root():
    with pytest.raises(ValueError, match="the environment variable EMPTY is not set"):
        expand_path("$EMPTY/cifar")


def test_an_unknown_home_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="knows no home folder for '~nobody_here'"):
        expand_path("~nobody_here/x")

    def fail(uid):
        raise KeyError(uid)

    monkeypatch.delenv("HOME")  # a container with some other user's number
    monkeypatch.setattr(pwd, "getpwuid", fail)
    with pytest.raises(ValueError, match="knows no home folder for '~'"):
        expand_path("~/x")


def test_paths_of_a_file_are_told_by_their_keys():
    catalog = {
        "mine": {"filepath": "~/x", "dataset": {"path": "$DISK"}, "title": "~ $5"},
        "path": {"title": "~"},
    }
    assert expand_paths(catalog, "catalog") == {
        "mine": {
            "filepath": "/home/me/x",
            "dataset": {"path": "/mnt/disk"},
            "title": "~ $5",
        },
        "path": {"title": "~"},
    }
    with pytest.raises(
        ValueError, match=r"^catalog\.mine\.filepath: received '\$NOPE'"
    ):
        expand_paths({"mine": {"filepath": "$NOPE"}}, "catalog")


def test_parameters_that_are_paths_are_expanded():
    images = Classify(experiment="exp0", weights="best", images="~/Pictures").images
    assert images == "/home/me/Pictures"
    layers = {"up_to": "block3_pool", "trainable_from": "block3_conv1"}
    assert Backbone(name="vgg16", weights="$DISK/w.h5", **layers).weights == (
        "/mnt/disk/w.h5"
    )
    with pytest.raises(ValueError, match="NOPE is not set"):
        Classify(experiment="exp0", weights="best", images="$NOPE")
