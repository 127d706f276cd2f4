"""How the report page writes numbers and settings."""

from typing import Any

import pandas as pd

MISSING = "\N{EN DASH}"


def per_cent(value: Any, digits: int = 2) -> str:
    """Write a fraction: 0.6298 is 62.98 %."""
    return MISSING if pd.isna(value) else f"{100 * value:.{digits}f} %"


def interval(low: Any, high: Any) -> str:
    """Write the interval of a fraction: [62.0, 63.9]."""
    if pd.isna(low):
        return MISSING
    return f"[{100 * low:.1f}, {100 * high:.1f}]"


def points(value: Any, digits: int = 2) -> str:
    """Write a difference in percentage points, always with its sign."""
    return MISSING if pd.isna(value) else f"{value:+.{digits}f}".replace("-", "\u2212")


def p_value(value: Any, relation: bool = False) -> str:
    """Write a p-value with at most three digits: 0.024 or < 0.001.

    Args:
        value: The p-value.
        relation: Whether to write = before the digits, too.
    """
    if pd.isna(value):
        return MISSING
    if value < 0.001:
        return "< 0.001"
    return f"= {value:.3f}" if relation else f"{value:.3f}"


def whole(value: Any) -> str:
    """Write a whole number: 263,402."""
    return MISSING if pd.isna(value) else f"{value:,.0f}"


def pair_seeds(pair: dict[str, Any]) -> str:
    """Write the seeds of a compared pair: 0, or 0 after 1 if they differ."""
    seed, baseline = pair["seed"], pair["baseline_seed"]
    if pd.isna(seed):
        return MISSING
    return f"{seed:.0f}" if seed == baseline else f"{seed:.0f} after {baseline:.0f}"


def duration(seconds: Any) -> str:
    """Write a duration as hours, minutes and seconds: 1:01:05."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def setting(value: Any) -> str:
    """Write a setting of an experiment as YAML does."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k}: {setting(v)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(setting, value))}]"
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: MISSING}[value]
    return str(value)
