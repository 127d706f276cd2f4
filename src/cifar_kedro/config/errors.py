"""Errors that the user can correct.

A command that meets one ends with its message alone and status 1, as `click` shows a
`ClickException`. In Python they are ordinary exceptions with a traceback.
"""

import re
from typing import Any, TypeVar

import click
import kedro.io
import yaml
from pydantic import BaseModel, ValidationError

Section = TypeVar("Section", bound=BaseModel)

RECEIVED_LENGTH = 100  # characters of a received value that a message shows


class UserError(click.ClickException):
    """A mistake in the input of the program."""


class DivergenceError(UserError, FloatingPointError):
    """A training whose loss is no longer finite."""


class MissingFileError(UserError, FileNotFoundError):
    """A file that an experiment needs, but that is not available."""


class MissingPackageError(UserError, ModuleNotFoundError):
    """A package of an extra that is not installed."""


class ServerError(UserError, ConnectionError):
    """A server that does not answer, or refuses."""


class SettingsError(UserError, ValueError):
    """A mistake in the parameters, a configuration file, or the environment."""


class DatasetError(UserError, kedro.io.DatasetError):
    """A file or folder that is missing, damaged, locked, or has the wrong content."""


def check_section(model: type[Section], values: Any) -> Section:
    """Make a section of the parameters from its values.

    Raises:
        SettingsError: If the model does not accept them.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        mistakes = list_mistakes(error, values)
        lines = [f"{key}: {text}".removeprefix(": ") for key, text in mistakes]
        raise SettingsError("\n".join(lines)) from error


def list_mistakes(error: ValidationError, values: Any) -> list[tuple[str, str]]:
    """Describe each mistake: its key, what was received and what was expected.

    Args:
        error: The error of pydantic.
        values: The values that pydantic checked.

    Returns:
        Pairs of a key, with dots between its levels, and a description.
    """
    expected: dict[tuple[str, str], list[str]] = {}
    for detail in error.errors():
        missing = detail["type"] == "missing"
        key = _join_key(detail["loc"], values, missing=missing)
        reason = detail.get("ctx", {}).get("error")
        if isinstance(reason, ValueError):  # from one of our own validators
            # Its text may begin with a key of the section.
            inner = re.match(r"([\w.]+): ", str(reason))
            key = ".".join(filter(None, (key, inner and inner[1])))
            expected[key, str(reason)[inner.end() if inner else 0 :]] = []
        else:
            received = "nothing" if missing else _show(detail["input"])
            start = f"received {received}, expected "
            expected.setdefault((key, start), []).append(_name_expected(detail))
    return [(key, text + " or ".join(ends)) for (key, text), ends in expected.items()]


def _join_key(place: tuple[int | str, ...], values: Any, *, missing: bool) -> str:
    """Join the steps to a value. Leave out the names of types, which pydantic adds."""
    steps = ""
    for index, step in enumerate(place):
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            if not (missing and index == len(place) - 1):
                continue
        steps += f"[{step}]" if isinstance(step, int) else f".{step}"
    return steps.lstrip(".")


def _name_expected(detail: Any) -> str:
    """Say in plain words what pydantic expected."""
    words = {
        "missing": "a value",
        "model_type": "a section, {key: value}",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "bool_type": "true or false",
        "string_type": "text",
        "list_type": "a list, [...]",
    }
    if detail["type"] == "union_tag_invalid":
        return "{discriminator} to be one of {expected_tags}".format(**detail["ctx"])
    message = str(detail["msg"]).removeprefix("Input should be ")
    return words.get(detail["type"], message)


def _show(value: Any) -> str:
    """Write a value as YAML, in one line, cut if it is long."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=1e9)
    text = repr(value) if isinstance(value, str) else text.removesuffix("...\n").strip()
    if len(text) <= RECEIVED_LENGTH:
        return text
    return f"{text[:RECEIVED_LENGTH]}..."
