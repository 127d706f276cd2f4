"""The section ``augmentation`` of an experiment."""

from typing import Literal

from pydantic import Field

from cifar_kedro.config.base import Strict


class Augmentation(Strict):
    """Random changes of the training images.

    In the terms of Keras' ``ImageDataGenerator``, which lacks ``alternating``,
    `whole_pixels` and `cutout`.

    Attributes:
        horizontal_flip: Whether half of the images are mirrored, drawn anew each epoch;
            ``alternating``: each image in every other epoch, first drawn.
        rotation_range: Degrees; the angle is uniform in plus or minus this.
        width_shift_range: Fraction of the width; uniform in plus or minus this.
        height_shift_range: Fraction of the height; uniform in plus or minus this.
        shear_range: Degrees; uniform in plus or minus this.
        whole_pixels: Whether shifts are rounded to pixels: nothing is blurred then.
        cutout: Side, in pixels, of a square wholly inside the image, at a place drawn anew
            each time, painted in the image's mean colour (T. DeVries, G. W. Taylor,
            "Improved Regularization of Convolutional Neural Networks with Cutout", 2017;
            there it may reach outside, and has the mean of the data); 0 for none.
    """

    horizontal_flip: bool | Literal["alternating"] = False
    rotation_range: float = Field(default=0.0, ge=0, le=180)
    width_shift_range: float = Field(default=0.0, ge=0, lt=1)
    height_shift_range: float = Field(default=0.0, ge=0, lt=1)
    shear_range: float = Field(default=0.0, ge=0, lt=90)
    whole_pixels: bool = False
    cutout: int = Field(default=0, ge=0)


class TestTimeViews(Strict):
    """Views of each test image over which a second prediction takes the mean.

    Attributes:
        flip: Whether the mirrored image is one.
        shift: Pixels by which the image is moved along both axes, up and left, and down
            and right: two views, which together weigh as much as the image in place.
    """

    flip: bool = True
    shift: int = Field(default=0, ge=0, le=8)
