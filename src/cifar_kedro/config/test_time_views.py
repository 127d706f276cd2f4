"""The section ``test_time_views`` of an experiment."""

from pydantic import Field

from cifar_kedro.config.strict import Strict


class TestTimeViews(Strict):
    """Views of each test image over which a second prediction takes the mean.

    Attributes:
        flip: Whether the mirrored image is one.
        shift: Pixels by which the image is moved along both axes, up and left, and down
            and right: two views, which together weigh as much as the image in place.
    """

    flip: bool = True
    shift: int = Field(default=0, ge=0, le=8)
