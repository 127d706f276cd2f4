"""YAML in which every value means what it looks like.

YAML 1.1 reads 010 as 8, 1:30 as 90 and an empty value as null. If a key has two values, it
takes the last. Here each of these is refused, with its file and line.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from typing import Any

import yaml

from cifar_kedro.config.errors import SettingsError

PLAIN_NUMBER = re.compile(
    r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|\.[0-9]+([eE][-+][0-9]+)?"
    r"|[-+]?\.(inf|nan)",
    re.IGNORECASE,
)
Locate = Callable[[Any], str]  # from a mark of PyYAML to words that name the place
_TAG = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """PyYAML's loader. Like OmegaConf it reads 1e-3 as a number and a date as text."""

    yaml_implicit_resolvers = {  # noqa: RUF012  as PyYAML declares it
        first: [pair for pair in pairs if pair[0] != f"{_TAG}timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver(
    f"{_TAG}float",
    re.compile(r"[-+]?[0-9_]*\.?[0-9_]*[eE][-+]?[0-9]+$"),
    list("-+0123456789."),
)


def read_yaml(text: bytes | str, path: str) -> dict[str, Any]:
    """Read a configuration file.

    Args:
        text: Its content.
        path: Its path, for messages.

    Returns:
        Its blocks; none if it is empty.

    Raises:
        SettingsError: If it is not YAML, has no blocks, or has a value that YAML reads as
            something else.
    """
    blocks = _load(_decode(text, path), lambda mark: f"{path}, line {mark.line + 1}")
    if not isinstance(blocks, dict | None):
        received = "a list" if isinstance(blocks, list) else repr(blocks)
        raise SettingsError(f"{path}: received {received}, expected lines `key: value`")
    return blocks or {}


def read_value(text: str, key: str) -> Any:
    """Read the value of a parameter on the command line.

    A list, a mapping or a text in quotes is YAML. Anything else is a number, true, false,
    null or text, whatever signs it has.

    Args:
        text: The value.
        key: The parameter's key, for messages.

    Raises:
        SettingsError: If it is empty, or YAML reads it as something else.
    """
    if text.startswith(("[", "{", "'", '"')):
        return _load(text, lambda _: key)
    loader = _Loader("")
    tag = loader.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    node = yaml.ScalarNode(tag, text)
    _check_scalar(node, key)
    return loader.construct_object(node)


def refuse_common_blocks(files: Mapping[str, Iterable[str]]) -> None:
    """Refuse a block that stands in two files of one environment.

    Args:
        files: The blocks' names, by path. Names that begin with _ may be in several.

    Raises:
        SettingsError: If any other block is in two files.
    """
    for (path, blocks), (other_path, others) in combinations(sorted(files.items()), 2):
        common = {name for name in set(blocks) & set(others) if name[:1] != "_"}
        if common:
            raise SettingsError(
                f"{path} and {other_path}: both have {', '.join(sorted(common))}. Keep "
                "each block in one file of an environment"
            )


def _decode(text: bytes | str, path: str) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            f"{path}, line {line}: received a character that is not UTF-8, expected a "
            "file that is saved as UTF-8"
        ) from error


def _load(text: str, locate: Locate) -> Any:
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None or (node.tag, node.value) == (f"{_TAG}null", ""):
            return None  # an empty file, or only the start of a document
        _check(node, locate)
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SettingsError(
            f"{locate(mark)}: received what is not YAML: {error.problem}"
        ) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        mark = yaml.Mark("", error.position, line, 0, None, 0)
        raise SettingsError(
            f"{locate(mark)}: received a control character, expected text"
        ) from error


def _check(
    node: yaml.Node, locate: Locate, key: str = "", parents: tuple[Any, ...] = ()
) -> None:
    """Refuse values in a node, or below it, that YAML reads as something else."""
    place = f"{locate(node.start_mark)}: {key}".removesuffix(": ")
    if node in parents:
        raise SettingsError(f"{place}: received an anchor (&) that contains itself")
    if isinstance(node, yaml.ScalarNode):
        _check_scalar(node, place)
    elif isinstance(node, yaml.MappingNode):
        _check_keys(node, locate)
        for name, value in node.value:
            _check(value, locate, f"{key}.{name.value}".lstrip("."), (*parents, node))
    else:
        for index, value in enumerate(node.value):
            _check(value, locate, f"{key}[{index}]", (*parents, node))


def _check_keys(node: yaml.MappingNode, locate: Locate) -> None:
    places: dict[str, str] = {}
    for key, _ in node.value:
        place = locate(key.start_mark)
        if key.tag not in (f"{_TAG}str", f"{_TAG}merge"):
            received = key.value if isinstance(key.value, str) else "of several parts"
            raise SettingsError(
                f"{place}: received the key {received or 'null'}, which YAML does not "
                "read as text. Take a name that begins with a letter, or put it in quotes"
            )
        if key.value in places:
            raise SettingsError(
                f"{place}: received '{key.value}' twice, expected it once. The first is at "
                f"{places[key.value]}"
            )
        places[key.value] = place


def _check_scalar(node: yaml.ScalarNode, place: str) -> None:
    if node.tag == f"{_TAG}null" and node.value in ("", "~"):
        raise SettingsError(
            f"{place}: received {node.value or 'no value'}, expected a value. Write null "
            "for none"
        )
    number = node.tag in (f"{_TAG}int", f"{_TAG}float")
    if number and not PLAIN_NUMBER.fullmatch(node.value):
        raise SettingsError(
            f"{place}: received {node.value}, expected a plain decimal number, such as 8 "
            "or 0.001. Put it in quotes if it is text"
        )
