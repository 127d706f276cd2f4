import pytest

from cifar_kedro.config import Globals
from cifar_kedro.config.globals import find_unusable

VALUES = {"data": "data", "archive": {"url": None, "hash": "md5:0"}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dta": "x"}, r"unknown key 'dta' \(did you mean 'data'\?\)"),
        ({"tmp": "x"}, r"below `own`: they read \$\{globals:own\.NAME\}"),
        (
            {"archive": VALUES["archive"] | {"filpath": "x"}},
            r"archive\n.*unknown key 'filpath' \(did you mean 'filepath'\?\)",
        ),
        ({"archive": VALUES["archive"] | {"filepath": None}}, "archive.filepath\n"),
        ({"data": None}, "data\n.*valid string"),
        ({"data": ""}, "data\n.*at least 1 character"),
        ({"data": "/a{b}"}, "data\n.*received '/a{b}', expected a path without '{'"),
        ({"data": "/a::b"}, "data\n.*received '/a::b', expected a path without '::'"),
        ({"credentials": {"key": "secret"}}, "credentials\n.*valid string"),
    ],
)
def test_what_would_be_ignored_or_misread_is_refused(changes, message):
    with pytest.raises(ValueError, match=r"for globals\.yml\n") as error:
        Globals.model_validate(VALUES | changes)
    assert error.match(message)


@pytest.mark.parametrize(
    "changes",
    [
        {"own": {"anything": [1]}},
        {"credentials": "team", "data": "simplecache::s3://team/cifar"},
        {"archive": VALUES["archive"] | {"url": ["https://a", "https://b"]}},
        {"archive": VALUES["archive"] | {"filepath": "~/a.tar.gz"}},
    ],
)
def test_what_people_set_is_accepted(changes):
    Globals.model_validate(VALUES | changes)


def test_braces_and_double_colons_are_unusable_in_folders():
    assert [find_unusable(p) for p in ("/a}", "/a::b", "/a[b] c#?%*", "x::s3://b")] == [
        *("}", "::", None, None)
    ]
