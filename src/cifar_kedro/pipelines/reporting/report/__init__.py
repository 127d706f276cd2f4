"""The report: one page, and the same as Markdown."""

from cifar_kedro.pipelines.reporting.report.figures import plot_report_figures
from cifar_kedro.pipelines.reporting.report.page import write_report

__all__ = ["plot_report_figures", "write_report"]
