"""One image file, of any kind that Pillow reads, and of any size that memory takes."""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image, JpegImagePlugin, UnidentifiedImageError

# Pixels: a gigabyte once decoded (4 bytes each), three with transparency. Pillow's own
# bound, 179 million, refuses the photographs of a telephone with 200.
MOST_PIXELS = 2**28
# Pixels above which a JPEG is decoded at a half, a quarter or an eighth of its size.
DRAFT_PIXELS = 2**26

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def read_image(file: BinaryIO) -> Image.Image:
    """Read an image, the first of several in a file; very large JPEGs reduced.

    Args:
        file: Open for reading; may be closed afterwards.

    Returns:
        The image, decoded.

    Raises:
        ValueError: If it has more than `MOST_PIXELS` pixels, or is HEIC and the package
            that reads it is not installed.
        Exception: Of a damaged file Pillow raises nearly anything.
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
    """Decode a very large JPEG at a fraction of its size; refuse what stays too large.

    Raises:
        ValueError: If it does; the message names the sizes.
    """
    width, height = image.size
    pixels = width * height
    held = pixels
    if isinstance(image, JpegImagePlugin.JpegImageFile) and pixels > DRAFT_PIXELS:
        exponent = math.ceil(math.log2(pixels / DRAFT_PIXELS) / 2)
        scale = 2 ** min(exponent, 3)
        image.draft(None, (width // scale, height // scale))
        if not image.info.get("progressive"):  # of which all is held to decode any
            held = image.width * image.height
    if held > MOST_PIXELS:
        raise ValueError(
            f"{width} x {height} pixels are {pixels / 1e6:.0f} million, expected at most "
            f"{MOST_PIXELS / 1e6:.0f} million: save it smaller"
        )


@contextmanager
def reading_images() -> Iterator[None]:
    """Lift Pillow's own bound, and pass over its warnings, for a while.

    Both are the process's: who reads with several threads has to do it around them all,
    or a thread would restore what another one has set.
    """
    bound, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # the first of each kind, of a file not named
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = bound


def _register_heic() -> bool:
    """Teach Pillow HEIC, if the package for it is installed, and say whether it is."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def _is_heic(file: BinaryIO) -> bool:
    """Tell the photographs of an iPhone by their first bytes."""
    file.seek(0)
    start = file.read(12)
    return start[4:8] == b"ftyp" and start[8:] in _HEIC_BRANDS
