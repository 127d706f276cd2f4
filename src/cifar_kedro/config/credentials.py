"""Credentials for what lies below `data` of ``globals.yml``."""

from typing import Any


def add_credentials(catalog: dict[str, Any], data: str, name: str) -> dict[str, Any]:
    """Give each entry below an address the credentials that open it.

    Args:
        catalog: The entries, their paths expanded.
        data: The address, expanded.
        name: The section of ``credentials.yml``.

    Returns:
        A copy. An entry elsewhere gets nothing. One that names credentials keeps them.
        With null it has none: some datasets take no such argument.

    Examples:
        >>> add_credentials(
        ...     {"mine": {"filepath": "s3://team/a.csv"}}, "s3://team", "us"
        ... )
        {'mine': {'credentials': 'us', 'filepath': 's3://team/a.csv'}}
    """
    return {key: _open(entry, data, name) for key, entry in catalog.items()}


def _open(entry: Any, data: str, name: str) -> Any:
    if not isinstance(entry, dict):  # Kedro refuses it
        return entry
    path = entry.get("filepath") or entry.get("path") or ""
    # With the slash: s3://team-archive does not lie below s3://team.
    below = f"{path}/".startswith(f"{data.rstrip('/')}/")
    opened = {"credentials": name} | entry if below else entry
    return {k: v for k, v in opened.items() if (k, v) != ("credentials", None)}
