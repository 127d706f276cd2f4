"""Parameters on the command line: ``kedro run --params KEY=VALUE,KEY=VALUE``."""

import re
from typing import Any

from cifar_kedro.config.errors import SettingsError
from cifar_kedro.config.strict_yaml import read_value

NAME = r"[A-Za-z_][A-Za-z0-9_]*"


def read_parameters(text: str) -> dict[str, Any]:
    """Read parameters from the command line.

    A value may be a list, a mapping or a text in quotes. Then commas in it separate
    nothing.

    Args:
        text: Such as ``seed=1,exp0.network.dense=[64,32]``.

    Returns:
        The values, nested. Dots in a key separate its levels.

    Raises:
        SettingsError: If an item is not a key and a value, or if a key stands there twice.
            Also if YAML would read a value as something else.

    Examples:
        >>> read_parameters("seed=1,exp0.network.dense=[64,32]")
        {'seed': 1, 'exp0': {'network': {'dense': [64, 32]}}}
    """
    values: dict[str, Any] = {}
    for item in split_items(text):
        key, equals, value = (part.strip() for part in item.partition("="))
        _check_key(key, item, equals)
        for other in values:
            if f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}."):
                raise SettingsError(
                    f"{key}: received it twice, expected it once"
                    if key == other
                    else f"{key}: received it beside {other}, expected one of them"
                )
        values[key] = read_value(value, key)
    return _nest(values)


def split_items(text: str) -> list[str]:
    """Split at commas, except inside brackets or quotes that begin a value.

    Raises:
        SettingsError: If brackets or quotes do not close.
    """
    items, depth, quote, before = [""], 0, "", ""
    for char in text:
        if quote:
            if quote == '"' and before == "\\":  # a backslash escapes the next sign
                before = ""
            elif char == quote:
                quote, before = "", char * 2
            else:
                before = char
        elif char == "," and not depth:
            items.append("")
            before = ""
            continue
        else:
            # In YAML a doubled quote means one quote in the text.
            begins = before in "[{,:" if depth else _is_at_value(items[-1])
            if char in "'\"" and (begins or before == char * 2):
                quote = char
            elif char in "[{" and (depth or begins or before == "$"):
                depth += 1
            elif char in "]}" and depth:
                depth -= 1
            before = before if char.isspace() else char
        items[-1] += char
    if depth or quote:
        raise SettingsError(
            f"received {items[-1].strip()!r}, expected brackets and quotes that close"
        )
    return [item.strip() for item in items if item.strip()]


def _is_at_value(item: str) -> bool:
    return item.count("=") == 1 and item.rstrip().endswith("=")


def _check_key(key: str, item: str, equals: str) -> None:
    if not equals or not key:
        raise SettingsError(
            f"received {item!r}, expected KEY=VALUE, such as seed=1. A value with commas "
            "stands in brackets or quotes: KEY=[64,32]"
        )
    if re.fullmatch(rf"{NAME}(\.{NAME})*", key):
        return
    if part := re.match(rf"({NAME}(?:\.{NAME})*)(\[\d+\]|\.\d+)", key):
        raise SettingsError(
            f"{key}: received a place in a list, expected the key of the whole list: "
            f"{part[1]}=[...]. Or write {part[1]} in a block in "
            "conf/local/parameters_experiments.yml"
        )
    raise SettingsError(
        f"{key}: received it as a key, expected names with dots between them, such as "
        "exp0.network.dropout"
    )


def _nest(values: dict[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, value in values.items():
        *sections, name = key.split(".")
        place = nested
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
    return nested
