"""One package per pipeline."""
