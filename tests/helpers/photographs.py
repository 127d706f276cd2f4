"""Folders of images."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def write_images(folder: Path, counts: dict[str, int], first: int = 0) -> None:
    """Write so many images of each class, all different: ``CLASS/000.png`` and so on."""
    for label, count in counts.items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            seed = [*label.encode(), number]
            pixels = np.random.default_rng(seed).integers(0, 256, (40, 50, 3), np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number:03d}.png")


def write_photographs(folder: Path, count: int, seed: int) -> None:
    """Write striped photographs of three classes, in all the ways that cameras do."""
    ways = [*WAYS, "heic"] if find_spec("pillow_heif") else WAYS
    for label in ("Querstreifen", "縦縞", "Fläche"):
        (folder / label).mkdir(parents=True)
        for number in range(count):
            generator = np.random.default_rng([seed, number, *label.encode()])
            way = ways[number % len(ways)]
            _save(_draw(label, generator), folder / label / f"{number:03d} {way}", way)


# An ending, and what is said about the file besides.
WAYS = [
    *("turned.jpg", "cmyk.jpg", "palette.png", "16-bit.png", "transparent.webp"),
    *("grey.tif", "moving.gif", "bits.png", "plain.jpg"),
]


def _draw(label: str, generator: np.random.Generator) -> Image.Image:
    """Draw 120 x 90 pixels of two shades, in stripes or in one piece."""
    dark, light = generator.integers(20, 90), generator.integers(160, 235)
    stripe = (np.arange(120) + generator.integers(0, 30)) // 15 % 2
    shades = np.where(stripe, light, dark)
    pixels = np.full((90, 120), dark)
    if label == "Querstreifen":
        pixels = np.broadcast_to(shades[:90, None], (90, 120))
    elif label == "縦縞":
        pixels = np.broadcast_to(shades, (90, 120))
    noise = generator.integers(-15, 15, (90, 120, 3))
    return Image.fromarray((pixels[..., None] + noise).astype(np.uint8))


def _save(image: Image.Image, path: Path, way: str) -> None:
    options: dict[str, Any] = {}
    if way == "turned.jpg":  # the camera was held upright
        image = image.transpose(Image.Transpose.ROTATE_90)
        options["exif"] = Image.Exif()
        options["exif"][0x0112] = 6
    elif way == "16-bit.png":
        grey = np.asarray(image.convert("L")).astype(np.uint16)
        image = Image.fromarray(grey * 257)
    elif way == "moving.gif":
        options |= {"save_all": True, "append_images": [Image.new("RGB", image.size)]}
    elif way == "transparent.webp":
        image.putalpha(250)
    elif way == "heic":
        import pillow_heif

        pillow_heif.register_heif_opener()
        path = path.with_suffix(".heic")
    modes = {"cmyk.jpg": "CMYK", "palette.png": "P", "grey.tif": "L", "bits.png": "1"}
    image = image.convert(modes[way]) if way in modes else image
    image.save(path, **options)
