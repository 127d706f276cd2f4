"""What all sections of the parameters share."""

import difflib
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[int, Field(ge=1)]


class Strict(BaseModel):
    """A section that refuses unknown keys, and lists the allowed ones.

    Attributes:
        hint: More advice for someone who wrote an unknown key.
    """

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)
    hint: ClassVar[str] = ""

    @model_validator(mode="before")
    @classmethod
    def _name_unknown_keys(cls, section: Any) -> Any:
        if isinstance(section, dict):
            for key in section:
                if key not in cls.model_fields:
                    close = difflib.get_close_matches(str(key), cls.model_fields, 1)
                    hint = f" (did you mean '{close[0]}'?)" if close else ""
                    raise ValueError(
                        f"unknown key '{key}'{hint}; "
                        f"allowed: {', '.join(cls.model_fields)}{cls.hint}"
                    )
        return section
