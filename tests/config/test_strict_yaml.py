import pytest
import yaml

from cifar_kedro.config.errors import SettingsError
from cifar_kedro.config.strict_yaml import read_value, read_yaml, refuse_common_blocks
from tests.helpers.paths import ROOT

NOT_PLAIN = ["010", "-010", "08.5", "1:30", "1:30.5", "190:20:30", "0x10", "0b1"]
NOT_PLAIN += ["1_000", "1_000.5", "1_0e5", ".5e3"]


@pytest.mark.parametrize("number", NOT_PLAIN)
def test_numbers_that_are_not_plain_are_refused(number):
    message = rf"received {number}, expected a plain decimal number"
    with pytest.raises(SettingsError, match=rf"^seed: {message}"):
        read_value(number, "seed")
    for text in (f"a: 1\nseed: {number}", f"a: 1\nseed:\n- {number}"):
        with pytest.raises(
            SettingsError, match=rf"^f\.yml, line [23]: seed.*: {message}"
        ):
            read_yaml(text, "f.yml")
    assert read_yaml(f"title: '{number}'", "f.yml") == {"title": number}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("0", 0), ("5", 5), ("+5", 5), ("-5", -5), ("1e3", 1e3), ("1e-4", 1e-4)],
        *[(".5", 0.5), ("5.", 5.0), ("3.0e-5", 3e-5), ("null", None), ("true", True)],
        *[("0o10", "0o10"), ("-.5", "-.5"), ("٣", "٣"), ("08", "08"), ("no", False)],
        *[("2026-11-28", "2026-11-28"), ("1.2.3", "1.2.3")],
    ],
)
def test_plain_values_are_what_they_look_like(text, value):
    """Also what is text: a number's setting refuses it by name."""
    typed, in_file = read_value(text, "key"), read_yaml(f"key: {text}", "f.yml")["key"]
    assert typed == in_file == value
    assert type(typed) is type(in_file) is type(value)


@pytest.mark.parametrize(("text", "received"), [("", "no value"), ("~", "~")])
def test_what_may_be_forgotten_is_not_null(text, received):
    message = f"received {received}, expected a value. Write null for none"
    with pytest.raises(SettingsError, match=f"^max_epochs: {message}"):
        read_value(text, "max_epochs")
    with pytest.raises(
        SettingsError, match=rf"^f\.yml, line 2: a\.max_epochs: {message}"
    ):
        read_yaml(f"a:\n  max_epochs: {text}\n  b: 1\n", "f.yml")


def test_a_typed_text_may_have_any_signs():
    for text in ("a: b #c", "- 1", "*x", "&x", "!!int 3", r"C:\x", "Don't", "a[b"):
        assert read_value(text, "title") == text


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, r"'a' twice.* first is at f\.yml, line 1"),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", 4, r"'b' twice.* f\.yml, line 2"),
        ('a: 1\n"a": 3\n', 2, "'a' twice"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x\n", 4, "'<<' twice"),
        ("a: 1\n14: {title: T}\n", 2, "the key 14, which YAML does not read as text"),
        ("a: 1\non: {title: T}\n", 2, "the key on, which"),
        ("a:\n  1.5: 2\n", 2, "the key 1.5, which"),
        ("null: 1\n", 1, "the key null, which"),
        ("?\n: 1\n", 1, "the key null, which"),
        ("? [a, b]\n: 1\n", 1, "the key of several parts, which"),
        ("a: 1\n\tb: 2\n", 2, "not YAML: found character '\\\\t'"),
        ("a: [1\nb: 2\n", 2, "not YAML: "),
        ("a: *b\n", 1, "not YAML: found undefined alias"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML: but found another document"),
        ("a: &x\n  b: *x\n", 1, "an anchor .* that contains itself"),
        ("a: 1\nb: \x07\n", 2, "a control character"),
        ("a: !!python/name:os.system x\n", 1, "not YAML: could not determine"),
        ("a: 1\nb: Köln\n".encode("latin-1"), 2, "a character that is not UTF-8"),
    ],
)
def test_refusals_name_file_and_line(text, line, message):
    with pytest.raises(SettingsError, match=rf"^f\.yml, line {line}: .*{message}"):
        read_yaml(text, "f.yml")


@pytest.mark.parametrize("text", ["- a\n", "text\n", "3\n"])
def test_a_file_without_blocks_is_refused(text):
    with pytest.raises(
        SettingsError, match=r"^f\.yml: received .*, expected lines `key"
    ):
        read_yaml(text, "f.yml")


@pytest.mark.parametrize("text", ["", "# later\n", "---\n", "\ufeff".encode()])
def test_an_empty_file_has_no_blocks(text):
    assert read_yaml(text, "f.yml") == {}


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    assert read_yaml("\ufeffseed: 1\n".encode(), "f.yml") == {"seed": 1}


def test_anchors_and_merge_keys_are_read():
    text = "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\ne: *x\n"
    content = read_yaml(text, "f.yml")
    assert content["d"] == {"b": 1, "c": 3}
    assert content["e"] == content["a"]


def test_our_own_files_are_read_as_yaml_has_them():
    for path in (ROOT / "conf").glob("*/*.yml"):
        assert read_yaml(path.read_bytes(), str(path)) == yaml.safe_load(
            path.read_text("utf-8")
        )


def test_a_block_in_two_files_is_refused():
    refuse_common_blocks({"a.yml": ["exp0", "_run"], "b.yml": ["exp1", "_run"]})
    with pytest.raises(SettingsError, match=r"a\.yml and b\.yml: both have exp0\."):
        refuse_common_blocks({"b.yml": ["exp0"], "a.yml": ["exp0", "exp1"]})
