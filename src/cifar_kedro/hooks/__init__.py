"""Hooks into Kedro's life cycle: what is refused, noted, locked and cleared away."""
