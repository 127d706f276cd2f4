"""The report page: one page, and the same as Markdown."""
