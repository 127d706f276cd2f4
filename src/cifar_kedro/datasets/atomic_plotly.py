"""Kedro's dataset of charts, each file replaced in one step.

Apart from `atomic`, which every run imports: plotly takes seconds.
"""

from kedro_datasets import plotly

from cifar_kedro.datasets.atomic import Atomic


class JSONDataset(Atomic, plotly.JSONDataset):
    """Kedro's `plotly.JSONDataset`."""
