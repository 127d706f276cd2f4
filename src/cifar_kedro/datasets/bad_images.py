"""Images that can't be read, among many that can: named, and left out if they are few."""

import logging

from cifar_kedro.config.errors import DatasetError
from cifar_kedro.datasets.images import MOST_NAMED

logger = logging.getLogger(__name__)


def check_bad_images(
    problems: dict[str, str], count: int, most_bad_share: float, place: str
) -> None:
    """Warn of bad images that are few, and refuse many.

    Args:
        problems: Why it can't be used, by the name of each.
        count: Of all images, bad ones included.
        most_bad_share: The share that may be left out.
        place: Where the images are, for messages.

    Raises:
        DatasetError: If more are bad; the message names them.
    """
    if not problems:
        return
    named = [f"  {name!r}: {why}" for name, why in problems.items()]
    if len(named) > MOST_NAMED:
        named[MOST_NAMED:] = [f"  and {len(named) - MOST_NAMED} more"]
    found = f"{len(problems):,} of {count:,} files in {place} can't be used"
    if len(problems) > most_bad_share * count:
        raise DatasetError(
            f"{found}, expected at most {most_bad_share:.1%} (`most_bad_share`). Remove "
            "them, or save them again as PNG or JPEG:\n" + "\n".join(named)
        )
    logger.warning("%s and are left out:\n%s", found, "\n".join(named))
