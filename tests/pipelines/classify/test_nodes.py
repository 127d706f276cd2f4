import io
import re
import struct
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cifar_kedro.datasets import DigitsDataset, ImageFolderDataset
from cifar_kedro.datasets.image_file import read_image
from cifar_kedro.pipelines.classify.nodes import prepare_images

MODEL = SimpleNamespace(input_shape=(None, 32, 32, 3))
SIZES = st.tuples(st.integers(1, 70), st.integers(1, 70))
COLOURS = st.tuples(*[st.integers(0, 255)] * 3)


def through_file(image, format="PNG", **options):
    """Store an image and read it as the dataset does."""
    file = io.BytesIO()
    image.save(file, format, **options)
    return read_image(file)


def prepare(image):
    files, prepared = prepare_images({"a.png": lambda: image}, MODEL)
    assert files.values.tolist() == [["a.png", ""]]
    assert prepared.dtype == np.float32 and prepared.shape == (1, 32, 32, 3)
    return prepared[0] * 255


def test_a_network_of_small_grey_images_is_fed_such():
    model = SimpleNamespace(input_shape=(None, 8, 8, 1))
    image = Image.new("RGB", (40, 20), "lime")
    _, prepared = prepare_images({"a.png": lambda: image}, model)
    np.testing.assert_allclose(prepared, np.full((1, 8, 8, 1), 150 / 255), atol=0.003)


def gradient(width=90, height=60):
    """An image that no turn and no flip leaves as it is."""
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([255 * x / width, 255 * y / height, 0 * x], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


@pytest.mark.parametrize("side", [32, 64, 256, 1024])
def test_an_enlarged_image_of_the_data_set_is_fed_as_it_was(tmp_path, side):
    images = DigitsDataset().load()["test"]["images"][:10]
    for i, image in enumerate(images):
        large = Image.fromarray(image).resize((side, side), Image.Resampling.NEAREST)
        large.save(tmp_path / f"{i}.png")
    files, prepared = prepare_images(
        ImageFolderDataset(path=str(tmp_path)).load(), MODEL
    )
    assert files["file"].tolist() == [f"{i}.png" for i in range(10)]
    np.testing.assert_array_equal(prepared, images * np.float32(1 / 255))


@pytest.mark.parametrize("side", [320, 333, 1000])
def test_a_pattern_too_fine_to_see_becomes_its_mean(side):
    board = (np.indices((side, side)).sum(axis=0) % 2 * 255).astype(np.uint8)
    np.testing.assert_allclose(prepare(Image.fromarray(board)), 127.5, atol=2)


@given(colour=COLOURS, size=SIZES, mode=st.sampled_from(["RGB", "RGBA", "P", "CMYK"]))
def test_one_colour_stays_one_colour_in_every_mode_and_size(colour, size, mode):
    image = Image.new("RGB", size, colour).convert(mode, palette=Image.Palette.ADAPTIVE)
    pixels = prepare(through_file(image, "TIFF" if mode == "CMYK" else "PNG"))
    np.testing.assert_allclose(pixels, np.broadcast_to(colour, (32, 32, 3)), atol=0.01)


@given(grey=st.integers(0, 255), size=SIZES)
@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "I"])
def test_one_grey_stays_one_grey_in_every_mode_and_size(mode, grey, size):
    grey = 255 * (grey > 127) if mode == "1" else grey
    colour = {"I;16": 257 * grey, "I": 257 * grey, "LA": (grey, 255)}.get(mode, grey)
    pixels = prepare(
        through_file(Image.new(mode, size, colour), "TIFF" if mode == "I" else "PNG")
    )
    np.testing.assert_allclose(pixels, grey, atol=0.01)


@given(colour=COLOURS, alpha=st.integers(0, 255), size=SIZES)
def test_what_is_transparent_shows_white(colour, alpha, size):
    pixels = prepare(through_file(Image.new("RGBA", size, (*colour, alpha))))
    expected = 255 - (255 - np.array(colour)) * alpha / 255
    np.testing.assert_allclose(pixels - expected, 0, atol=1)


@pytest.mark.parametrize(
    ("mode", "colour"), [("P", 0), ("L", 0), ("RGB", (0, 0, 0)), ("1", 0)]
)
def test_a_transparent_colour_shows_white(mode, colour):
    image = through_file(Image.new(mode, (40, 40)), transparency=colour)
    assert (prepare(image) == 255).all()


def test_hidden_colours_do_not_bleed_in_at_a_transparent_edge():
    pixels = np.zeros((64, 64, 4), np.uint8)  # black where nobody sees it
    pixels[:, 1::2] = (255, 255, 255, 255)
    assert (prepare(through_file(Image.fromarray(pixels))) == 255).all()


@pytest.mark.parametrize("size", [(300, 100), (100, 300)])
def test_the_middle_square_is_taken(size):
    image = Image.new("RGB", size, "red")
    middle = (100, 0) if size[0] > size[1] else (0, 100)
    image.paste(Image.new("RGB", (100, 100), "lime"), middle)
    np.testing.assert_array_equal(
        prepare(image), np.broadcast_to([0, 255, 0], (32, 32, 3))
    )


# How a camera that writes this orientation has stored an upright picture.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", STORED)
def test_photographs_are_upright(orientation, format):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = gradient().transpose(STORED[orientation])
    pixels = prepare(through_file(stored, format, exif=exif, quality=95))
    np.testing.assert_allclose(pixels, prepare(gradient()), atol=12)


def test_of_a_moving_picture_the_first_frame_is_taken():
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("blue", "red")]
    image = through_file(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(prepare(image)[0, 0], [0, 0, 255])


@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_image_is_refused_or_complete(share):
    file = io.BytesIO()
    gradient().save(file, "PNG")
    whole = file.getvalue()
    cut = whole[: int(share * len(whole))]
    try:
        _, prepared = prepare_images({"a": lambda: read_image(io.BytesIO(cut))}, MODEL)
    except ValueError as error:
        assert "None of 1 files can be classified" in str(error)
        assert "\n  'a': " in str(error)
    else:
        np.testing.assert_array_equal(prepared[0] * 255, prepare(gradient()))


REFUSED = {
    "notes.txt": (b"hello", "not an image in a format that Pillow reads"),
    "empty.png": (b"", "not an image in a format that Pillow reads"),
    "cut.png": (None, "image file is truncated"),
    "float.tif": (np.ones((9, 9), np.float32), "fractions .* no known range"),
    "deep.tif": (np.full((9, 9), 70000, np.int32), "from 70000 to 70000, expected at"),
}


def test_what_is_no_image_is_listed_with_its_reason_and_the_rest_is_classified(
    tmp_path,
):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "cut.png")
    whole = (tmp_path / "cut.png").read_bytes()
    for name, (content, _) in REFUSED.items():
        if isinstance(content, np.ndarray):
            Image.fromarray(content).save(tmp_path / name)
        else:
            (tmp_path / name).write_bytes(whole[:3000] if content is None else content)
    gradient(60, 60).save(tmp_path / "good.png")
    own_images = ImageFolderDataset(path=str(tmp_path)).load()
    files, prepared = prepare_images(own_images, MODEL)
    assert len(prepared) == 1
    problems = files.set_index("file")["problem"].to_dict()
    assert list(problems) == sorted([*REFUSED, "good.png"])
    assert problems.pop("good.png") == ""
    for name, (_, reason) in REFUSED.items():
        assert re.search(reason, problems[name])

    (tmp_path / "good.png").unlink()
    with pytest.raises(
        ValueError, match=r"^None of 5 files can be classified"
    ) as raised:
        prepare_images(ImageFolderDataset(path=str(tmp_path)).load(), MODEL)
    for name, (_, reason) in REFUSED.items():
        assert raised.match(rf"\n  '{name}': .*{reason}")


def test_of_a_thousand_files_that_are_no_images_ten_are_named():
    with pytest.raises(ValueError, match=r"None of 1000 files") as raised:
        prepare_images({f"{i}.txt": lambda: 1 / 0 for i in range(1000)}, MODEL)
    assert str(raised.value).count("division by zero") == 10
    assert str(raised.value).endswith("\n  and 990 more")


def refuse():
    raise PermissionError(13, "Permission denied", "/home/me/a.png")


@pytest.mark.parametrize(
    ("load", "problem"),
    [
        (refuse, "can't be read: Permission denied"),
        (
            lambda: int("x"),
            "can't be read: invalid literal for int() with base 10: 'x'",
        ),
        (lambda: next(iter(())), "StopIteration"),
    ],
)
def test_a_problem_is_a_line_that_begins_with_a_word(load, problem):
    files, _ = prepare_images({"a.png": load, "b.png": gradient}, MODEL)
    assert files["problem"].tolist() == [problem, ""]


def test_a_name_that_is_no_text_is_listed_in_letters_that_can_be_written():
    name = b"caf\xe9.png".decode(errors="surrogateescape")
    files, prepared = prepare_images({name: gradient}, MODEL)
    assert files["file"].tolist() == [r"caf\udce9.png"]
    assert len(prepared) == 1


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"\xff" * 300,
        b"II*\0\x08\0\0\0" + b"\xff" * 300,
        b"MM\0*\0\0\0\x08\xff\xff\x01\x12\0\x03\0\0\0\x01\0\x09",
    ],
)
def test_a_sound_jpeg_with_a_garbage_exif_block_is_classified(block):
    file = io.BytesIO()
    gradient().save(file, "JPEG", exif=b"Exif\0\0" + block)
    plain = through_file(gradient(), "JPEG")
    np.testing.assert_array_equal(prepare(read_image(file)), prepare(plain))


def test_the_orientation_counts_where_the_rest_of_exif_is_garbage():
    entries = struct.pack(">HHII", 0x0112, 3, 1, 6 << 16)
    entries += struct.pack(">HHII", 0x9C9B, 2, 4_000_000_000, 0x7FFFFFFF)
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02" + entries
    file = io.BytesIO()
    stored = gradient().transpose(STORED[6])
    stored.save(file, "JPEG", exif=exif, quality=95)
    np.testing.assert_allclose(prepare(read_image(file)), prepare(gradient()), atol=12)
