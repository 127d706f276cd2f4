"""The parameters in their typed form.

The models are strict. They refuse an unknown key, a wrong type or a value out of range.
They do so when Kedro loads the parameters, before anything heavy is imported.
"""

from cifar_kedro.config.augmentation import Augmentation, TestTimeViews
from cifar_kedro.config.experiment import Experiment, Reported
from cifar_kedro.config.globals import Archive, Globals
from cifar_kedro.config.network import (
    VGG16_LAYERS,
    Backbone,
    BatchNormalization,
    Block,
    Network,
    Whitening,
)
from cifar_kedro.config.plugins import AirflowDag, Mlflow
from cifar_kedro.config.run import Classify, Execution, RunSettings
from cifar_kedro.config.training import (
    EarlyStopping,
    Optimizer,
    ReduceLROnPlateau,
    Training,
)

__all__ = [
    "VGG16_LAYERS",
    "AirflowDag",
    "Archive",
    "Augmentation",
    "Backbone",
    "BatchNormalization",
    "Block",
    "Classify",
    "EarlyStopping",
    "Execution",
    "Experiment",
    "Globals",
    "Mlflow",
    "Network",
    "Optimizer",
    "ReduceLROnPlateau",
    "Reported",
    "RunSettings",
    "TestTimeViews",
    "Training",
    "Whitening",
]
