"""Kedro's context, whose errors of parameters name the key."""

import re
from typing import Any

from kedro.framework.context import KedroContext
from kedro.validation import ParameterValidationError
from pydantic import ValidationError

from cifar_kedro.config import Experiment
from cifar_kedro.config.errors import SettingsError, list_mistakes
from cifar_kedro.evaluation.claims.claims import Claims


class ProjectContext(KedroContext):
    """A `KedroContext` that says of a refused parameter its key, and what is allowed."""

    @property
    def params(self) -> dict[str, Any]:
        """Give the parameters; see `KedroContext`.

        Raises:
            SettingsError: If an experiment of the pipelines that are to run is refused.
        """
        try:
            return super().params
        except ParameterValidationError as error:
            # Kedro keeps of pydantic's errors their text alone.
            names = re.findall(r"^- Parameter '(\w+)':", str(error), re.MULTILINE)
            mistakes = explain_parameters(self.config_loader["parameters"], names)
            raise SettingsError(mistakes or str(error)) from error


def explain_parameters(parameters: dict[str, Any], names: list[str]) -> str:
    """Say what is wrong with experiments and claims: one line for each mistake.

    What several inherit is said once, of the first of them.
    """
    heirs: dict[tuple[str, str], list[str]] = {}
    for name in sorted(names, key=list(parameters).index):
        try:
            (Claims if name == "claims" else Experiment).model_validate(
                parameters[name]
            )
        except ValidationError as error:
            for mistake in list_mistakes(error, parameters[name]):
                heirs.setdefault(mistake, []).append(name)
    return "\n".join(
        f"{f'{first}.{key}'.removesuffix('.')}: {text}"
        + (f" (also of {', '.join(others)})" if others else "")
        for (key, text), (first, *others) in heirs.items()
    )
