"""The figures: one a file."""
