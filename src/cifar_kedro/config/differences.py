"""Where two nested dicts differ."""

from typing import Any


def find_differences(then: Any, now: Any, key: str = "") -> dict[str, tuple[Any, Any]]:
    """Find the leaves in which two nested dicts differ.

    Returns:
        Both values, by key, with dots between levels; None where one has no such key.

    Examples:
        >>> find_differences({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}})
        {'a.c': (2, 3)}
    """
    if not (isinstance(then, dict) and isinstance(now, dict)):
        return {} if then == now else {key: (then, now)}
    return {
        leaf: values
        for name in {**then, **now}
        for leaf, values in find_differences(
            then.get(name), now.get(name), f"{key}.{name}" if key else name
        ).items()
    }
