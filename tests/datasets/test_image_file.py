import builtins
import io

import pytest
from PIL import Image

from cifar_kedro.datasets import image_file
from cifar_kedro.datasets.image_file import read_image


def store(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    file.seek(0)
    return file


@pytest.fixture
def tenth(monkeypatch):
    """Bounds of 10,000 pixels, and of 2,500 above which a JPEG is reduced."""
    monkeypatch.setattr(image_file, "MOST_PIXELS", 10_000)
    monkeypatch.setattr(image_file, "DRAFT_PIXELS", 2_500)


@pytest.mark.parametrize(
    ("size", "read"),
    [
        ((50, 50), (50, 50)),
        ((64, 64), (32, 32)),
        ((160, 160), (40, 40)),
        ((640, 640), (80, 80)),  # at an eighth, which is as far as a JPEG goes
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_very_large_jpeg_is_decoded_smaller(tenth, size, read, mode):
    image = read_image(store(Image.new(mode, size, 90), "JPEG"))
    assert (image.mode, image.size) == (mode, read)


@pytest.mark.parametrize(
    ("size", "format", "options"),
    [
        ((101, 100), "PNG", {}),
        ((101, 100), "GIF", {}),
        ((101, 100), "JPEG", {"progressive": True}),
        ((900, 900), "JPEG", {}),
    ],
)
def test_what_no_memory_takes_is_refused_in_words_of_our_own(
    tenth, size, format, options
):
    file = store(Image.new("L", size), format, **options)
    with pytest.raises(
        ValueError, match=f"^{size[0]} x {size[1]} pixels .* expected at"
    ):
        read_image(file)


def test_a_photograph_of_200_megapixels_is_read():
    image = read_image(store(Image.new("L", (16320, 12240)), "JPEG"))
    assert image.size == (8160, 6120)


def test_pillows_own_bound_is_lifted_for_this_only(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    file = store(Image.new("L", (50, 50)), "PNG")
    assert read_image(file).size == (50, 50)
    assert Image.MAX_IMAGE_PIXELS == 100


def test_a_damaged_file_says_nothing_beside_its_error(recwarn):
    file = store(Image.new("L", (50, 50)), "TIFF")
    with pytest.raises(Exception, match=r"."):
        read_image(io.BytesIO(file.getvalue()[:40]))
    assert not recwarn.list


HEIC = b"\0\0\0\x1cftypheic\0\0\0\0mif1heic" + b"\0" * 20


def test_without_its_package_heic_names_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **options):
        if name == "pillow_heif":
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match=r"HEIC.* pip install -e '\.\[heic\]'$"):
        read_image(io.BytesIO(HEIC))


@pytest.mark.parametrize("format", ["HEIF", "AVIF"])
def test_photographs_of_telephones_are_read_upright(format):
    if format == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    file = store(Image.new("RGB", (64, 48), (200, 30, 30)), format)
    image = read_image(file)
    assert image.size == (64, 48)
    assert image.convert("RGB").getpixel((30, 20)) == pytest.approx(
        (200, 30, 30), abs=4
    )
