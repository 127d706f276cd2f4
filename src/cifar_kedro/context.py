"""Kedro's context. Its errors about parameters name the key."""

import re
from typing import Any

from kedro.framework.context import KedroContext
from kedro.validation import ParameterValidationError
from pydantic import ValidationError

from cifar_kedro.config import Experiment
from cifar_kedro.config.errors import SettingsError, list_mistakes
from cifar_kedro.evaluation.claims.claims import Claims


class ProjectContext(KedroContext):
    """A `KedroContext` that names the key of a refused parameter, and what is allowed."""

    @property
    def params(self) -> dict[str, Any]:
        """Return the parameters (`KedroContext`).

        Raises:
            SettingsError: If an experiment of the pipelines to run is refused.
        """
        try:
            return super().params
        except ParameterValidationError as error:
            # Kedro keeps only the text of pydantic's errors.
            names = re.findall(r"^- Parameter '(\w+)':", str(error), re.MULTILINE)
            mistakes = explain_parameters(self.config_loader["parameters"], names)
            raise SettingsError(mistakes or str(error)) from error


def explain_parameters(parameters: dict[str, Any], names: list[str]) -> str:
    """Describe the mistakes in experiments and claims, one line each.

    If several experiments inherit a mistake, it has one line, under the first of them.
    """
    heirs: dict[tuple[str, str], list[str]] = {}
    for name in sorted(names, key=list(parameters).index):
        model = Claims if name == "claims" else Experiment
        try:
            model.model_validate(parameters[name])
        except ValidationError as error:
            for mistake in list_mistakes(error, parameters[name]):
                heirs.setdefault(mistake, []).append(name)
    return "\n".join(
        f"{f'{first}.{key}'.removesuffix('.')}: {text}"
        + (f" (also of {', '.join(others)})" if others else "")
        for (key, text), (first, *others) in heirs.items()
    )
