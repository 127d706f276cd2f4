"""Read one image file, of any kind that Pillow reads, up to `MOST_PIXELS` pixels."""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image, JpegImagePlugin, UnidentifiedImageError

# So many pixels take a gigabyte once decoded (4 bytes each), or three with transparency.
# Pillow's own bound is 179 million. It would refuse photographs of 200 million pixels, which
# some telephones take.
MOST_PIXELS = 2**28
# A JPEG with more pixels is decoded at a half, a quarter or an eighth of its size.
DRAFT_PIXELS = 2**26

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def read_image(file: BinaryIO) -> Image.Image:
    """Read the first image of a file. A very large JPEG is reduced.

    Args:
        file: A file that is open for reading. It may be closed afterwards.

    Returns:
        The image, decoded.

    Raises:
        ValueError: If it has more than `MOST_PIXELS` pixels; or if it is HEIC, and the
            package that reads HEIC is not installed.
        Exception: If the file is damaged. Pillow may raise nearly any exception.
    """
    has_heic = _register_heic()
    with reading_images():
        try:
            image = Image.open(file)
        except UnidentifiedImageError:
            if not has_heic and _is_heic(file):
                raise ValueError(
                    "HEIC, which the extra `heic` reads: pip install -e '.[heic]'"
                ) from None
            raise
        _reduce(image)
        image.load()
    return image


def _reduce(image: Image.Image) -> None:
    """Decode a very large JPEG at a fraction of its size. Refuse what is still too large.

    Raises:
        ValueError: If the image is too large. The message names the sizes.
    """
    width, height = image.size
    pixels = width * height
    held = pixels
    if isinstance(image, JpegImagePlugin.JpegImageFile) and pixels > DRAFT_PIXELS:
        exponent = math.ceil(math.log2(pixels / DRAFT_PIXELS) / 2)
        scale = 2 ** min(exponent, 3)
        image.draft(None, (width // scale, height // scale))
        if not image.info.get("progressive"):  # it is in memory as a whole
            held = image.width * image.height
    if held > MOST_PIXELS:
        raise ValueError(
            f"{width} x {height} pixels are {pixels / 1e6:.0f} million, expected at most "
            f"{MOST_PIXELS / 1e6:.0f} million: save it smaller"
        )


@contextmanager
def reading_images() -> Iterator[None]:
    """Remove Pillow's bound and its warnings during the block.

    Both belong to the whole process. If several threads read, the block must be around
    them all: else one thread restores what another one has set.
    """
    bound, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they do not name the file
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = bound


def _register_heic() -> bool:
    """Add HEIC to Pillow. Return whether the package for it is installed."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def _is_heic(file: BinaryIO) -> bool:
    """Tell by the first bytes whether a file is HEIC, as photographs of an iPhone are."""
    file.seek(0)
    start = file.read(12)
    return start[4:8] == b"ftyp" and start[8:] in _HEIC_BRANDS
