"""The section ``augmentation`` of an experiment."""

from typing import Literal

from pydantic import Field

from cifar_kedro.config.base import Strict


class Augmentation(Strict):
    """Random changes of the training images.

    The settings are those of Keras' ``ImageDataGenerator``. It lacks ``alternating``,
    `whole_pixels` and `cutout`.

    Attributes:
        horizontal_flip: Whether half of the images are mirrored; each epoch draws which.
            With ``alternating`` each image is mirrored in every other epoch; half of them,
            drawn once, in the first.
        rotation_range: Degrees; the angle is uniform in plus or minus this.
        width_shift_range: Fraction of the width; the shift is uniform in plus or minus this.
        height_shift_range: Fraction of the height; uniform in plus or minus this.
        shear_range: Degrees; uniform in plus or minus this.
        whole_pixels: Whether shifts are rounded to whole pixels. Then nothing is blurred.
        cutout: Side, in pixels, of a square that is painted in the image's mean colour; 0
            for none. It lies wholly inside the image, at a random place each time. In the
            paper it may reach outside, and has the mean of the data (T. DeVries, G. W.
            Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout",
            2017).
    """

    horizontal_flip: bool | Literal["alternating"] = False
    rotation_range: float = Field(default=0.0, ge=0, le=180)
    width_shift_range: float = Field(default=0.0, ge=0, lt=1)
    height_shift_range: float = Field(default=0.0, ge=0, lt=1)
    shear_range: float = Field(default=0.0, ge=0, lt=90)
    whole_pixels: bool = False
    cutout: int = Field(default=0, ge=0)


class TestTimeViews(Strict):
    """Views of each test image. A second prediction is the mean over them.

    Attributes:
        flip: Whether the mirrored image is a view.
        shift: Pixels by which the image moves along both axes: up and left, and down and
            right. These two views together weigh as much as the image in place.
    """

    flip: bool = True
    shift: int = Field(default=0, ge=0, le=8)
