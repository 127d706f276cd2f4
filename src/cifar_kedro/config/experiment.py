"""What an experiment is: a block of ``parameters_experiments.yml``."""

import logging
from typing import Self

from pydantic import Field, model_validator

from cifar_kedro.config.augmentation import Augmentation, TestTimeViews
from cifar_kedro.config.base import Positive, Strict
from cifar_kedro.config.data import ImageShape
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.config.network import Network
from cifar_kedro.config.training import Training

logger = logging.getLogger(__name__)


class Reported(Strict):
    """What the original report prints about an experiment.

    Attributes:
        test_accuracy: Fraction of the test images, with the weights at the end of training.
        training_seconds: Wall time in seconds on the original report's GPU.
        parameters: Parameters of its network; unknown if null.
        unreachable_reduction: Whether the original report's callbacks stop the training
            before a reduced learning rate is used.
    """

    test_accuracy: float = Field(ge=0, le=1)
    training_seconds: float = Field(gt=0)
    parameters: Positive | None = None
    unreachable_reduction: bool = False


class Experiment(Strict):
    """One block of ``parameters_experiments.yml``, after inheritance.

    Attributes:
        name: The key of the block. It is added when the parameters are loaded.
        title: The name for readers.
        builds_on: The experiment from which all other settings are inherited.
        network: The layers.
        training: How the network is trained.
        augmentation: Random changes of the training images; none if null.
        test_time_views: Views for a second prediction; none if null.
        reported: What the original report prints; null for experiments of one's own.
    """

    name: str
    title: str = Field(min_length=1)
    builds_on: str | None = None
    network: Network
    training: Training
    augmentation: Augmentation | None = None
    test_time_views: TestTimeViews | None = None
    reported: Reported | None = None

    @property
    def architecture_only(self) -> bool:
        """Whether the experiment has neither augmentation nor transfer."""
        return self.augmentation is None and self.network.backbone is None

    def check_image_shape(self, image_shape: ImageShape) -> None:
        """Check that it can learn from such images.

        Raises:
            SettingsError: If it can't; the message names the experiment.
        """
        try:
            self.network.check_image_shape(image_shape)
        except SettingsError as error:
            raise SettingsError(f"{self.name}: {error}") from error
        cutout = self.augmentation.cutout if self.augmentation else 0
        if cutout > image_shape[0]:
            raise SettingsError(
                f"{self.name}: augmentation.cutout: received {cutout}, expected at most the "
                f"{image_shape[0]} pixels of a side"
            )

    @model_validator(mode="after")
    def _plateau_is_reachable(self) -> Self:
        """Refuse a stop before the reduction, unless the original report has it."""
        plateau = self.training.reduce_lr
        stop = plateau and getattr(self.training.early_stopping, plateau.monitor)
        if plateau and stop and stop <= plateau.patience:
            problem = (
                f"training.early_stopping.{plateau.monitor}: received {stop}, expected "
                f"more than training.reduce_lr.patience {plateau.patience}, or the "
                "training stops before a reduced learning rate is ever used"
            )
            if not (self.reported and self.reported.unreachable_reduction):
                raise ValueError(problem)
            logger.warning(
                "%s: %s. It is kept: the original report has it.", self.name, problem
            )
        return self
