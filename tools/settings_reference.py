"""The reference of the settings. Its tables are made from the models that check them."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from griffe import Docstring, DocstringSectionAttributes, DocstringSectionText
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from cifar_kedro.config import AirflowDag, Experiment, Globals, Mlflow, RunSettings
from cifar_kedro.evaluation.claims.claims import Claim

FILES: dict[str, type[BaseModel]] = {
    "parameters_experiments.yml": Experiment,
    "parameters.yml": RunSettings,
    "parameters_claims.yml": Claim,
    "globals.yml": Globals,
    "mlflow.yml": Mlflow,
    "airflow.yml": AirflowDag,
}

_NAMES = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "`true` or `false`",
    type(None): "`null`",
    Any: "anything",
}
_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def describe_settings() -> str:
    """Describe every setting of every file in tables, one for each section."""
    parts = []
    for file, model in FILES.items():
        parts.append(f"## {file}\n\n{_text(model)}\n\n{_table(model, file)}")
        for path, section in sections_of(model):
            parts.append(
                f"### {path} {{: #{_anchor(file, section)} }}\n\n"
                f"{_text(section)}\n\n{_table(section, file)}"
            )
    return "\n\n".join(parts)


def sections_of(
    model: type[BaseModel], path: str = ""
) -> Iterator[tuple[str, type[BaseModel]]]:
    """List the models inside a model, at any depth. Each has its keys from the top."""
    for name, field in model.model_fields.items():
        for inner in _models(field.annotation):
            own = inner.model_fields.get("check")
            key = get_args(own.annotation)[0] if own else f"{path}{name}"
            yield key, inner
            yield from sections_of(inner, f"{key}.")


def meanings_of(model: type[BaseModel]) -> dict[str, str]:
    """Read the meaning of each setting in the docstrings of a model and its bases."""
    meanings: dict[str, str] = {}
    for base in reversed(model.__mro__):
        for section in _parse(base):
            if isinstance(section, DocstringSectionAttributes):
                for item in section.value:
                    meanings[item.name] = " ".join(item.description.split())
    return meanings


def _parse(model: type) -> list[Any]:
    text = model.__dict__.get("__doc__") or ""
    sections: list[Any] = Docstring(text).parse("google", warnings=False)
    return sections


def _text(model: type[BaseModel]) -> str:
    sections = [s for s in _parse(model) if isinstance(s, DocstringSectionText)]
    return "\n\n".join(section.value for section in sections)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for part in get_args(annotation) for m in _models(part)]


def _anchor(file: str, model: type[BaseModel]) -> str:
    return f"{file.removesuffix('.yml')}-{model.__name__}".lower()


def _table(model: type[BaseModel], file: str) -> str:
    meanings = meanings_of(model)
    rows = ["| setting | type | bounds | default | meaning |", "|---|---|---|---|---|"]
    for name, field in model.model_fields.items():
        cells = [
            f"`{name}`",
            _type(field.annotation, file),
            ", ".join(_bounds(field)),
            _default(field),
            meanings.get(name, "").replace("``", "`"),
        ]
        rows.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(rows)


def _type(annotation: Any, file: str) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0], file)
    if origin is Literal:
        names = [f"`{value}`" for value in arguments]
    elif origin in (Union, types.UnionType):
        names = _choices(annotation, file)
    elif origin in (list, dict):
        inside = _type(arguments[-1], file)
        names = [f"list of: {inside}" if origin is list else "mapping"]
    elif _models(annotation):
        names = [f"[section](#{_anchor(file, annotation)})"]
    else:
        names = [_NAMES[annotation]]
    return " or ".join(names)


def _choices(union: Any, file: str) -> list[str]:
    models = _models(union)
    if len(models) > 2:
        first = f"[{_name(models[0])}](#{_anchor(file, models[0])})"
        return [f"a check: {first} and those below it"]
    return list(dict.fromkeys(_type(part, file) for part in get_args(union)))


def _name(model: type[BaseModel]) -> str:
    return f"`{get_args(model.model_fields['check'].annotation)[0]}`"


def _bounds(field: FieldInfo) -> list[str]:
    found: list[str] = []

    def read(item: Any) -> None:
        for name, sign in _BOUNDS.items():
            if getattr(item, name, None) is not None:
                found.append(f"{sign} {getattr(item, name):,}")
        if getattr(item, "min_length", None):
            found.append("not empty")
        for part in getattr(item, "metadata", ()) or ():
            read(part)

    def walk(annotation: Any) -> None:
        if get_origin(annotation) is Annotated:
            for item in get_args(annotation)[1:]:
                read(item)
        for part in get_args(annotation):
            walk(part)

    read(field)
    walk(field.annotation)
    return list(dict.fromkeys(found))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "its defaults"
    if value is PydanticUndefined:
        return ""
    return f"`{yaml.safe_dump(value, default_flow_style=True).split(chr(10))[0]}`"
