import numpy as np
import pytest
from keras import ops
from plain_keras import make_generator

from cifar_kedro.config import Augmentation
from cifar_kedro.models.augmentation import AffineAugmentation, affine_matrices
from tests.helpers.experiments import load_parameters
from tests.helpers.images import make_images

STRONG, MILD = (
    Augmentation.model_validate(load_parameters()[name]["augmentation"])
    for name in ("exp7", "exp9")
)
ALL = Augmentation(
    horizontal_flip=True,
    rotation_range=40.0,
    width_shift_range=0.1,
    height_shift_range=0.1,
    shear_range=20.0,
)


def augment(images, settings=ALL, seed=0):
    layer = AffineAugmentation(settings, seed)
    return ops.convert_to_numpy(layer(images, training=True))


@pytest.mark.parametrize("settings", [STRONG, MILD, ALL], ids=["strong", "mild", "all"])
def test_equals_the_legacy_generator_pixel_for_pixel(settings):
    images = make_images(256)["images"]
    generator = make_generator(settings.model_dump())
    np.random.seed(0)
    drawn = [generator.get_random_transform((32, 32, 3)) for _ in images]
    pairs = zip(images, drawn, strict=True)
    expected = [generator.apply_transform(*pair) for pair in pairs]

    def column(key):
        return np.array([parameters[key] for parameters in drawn], dtype=np.float32)

    matrices = affine_matrices(
        rotation=np.deg2rad(column("theta")),
        # Since it swaps the axes, the legacy class moves by "tx" along the width.
        shift_x=column("tx"),
        shift_y=column("ty"),
        shear=np.deg2rad(column("shear")),
        flip=column("flip_horizontal"),
        height=32,
        width=32,
    )
    ours = ops.image.affine_transform(
        images, matrices, interpolation="bilinear", fill_mode="nearest"
    )
    np.testing.assert_allclose(ops.convert_to_numpy(ours), expected, atol=0.01 / 255)


@pytest.mark.parametrize("settings", [STRONG, MILD], ids=["strong", "mild"])
def test_equals_the_legacy_generator_in_distribution(settings):
    image = make_images(10, seed=1)["images"][3]
    # a smooth image, whose mean over draws is well determined
    image = np.cumsum(np.cumsum(image - image.mean(), axis=0), axis=1)
    image = ((image - image.min()) / np.ptp(image)).astype(np.float32)
    count = 3000
    batch = np.repeat(image[None], count, axis=0)
    ours = augment(batch, settings)
    generator = make_generator(settings.model_dump())
    np.random.seed(0)
    theirs = np.stack([generator.random_transform(image) for _ in range(count)])
    # Means and spreads of every pixel agree within what n draws allow: 6 standard errors.
    error = np.sqrt((ours.var(axis=0) + theirs.var(axis=0)) / count)
    assert (abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 6 * error + 1e-3).all()
    np.testing.assert_allclose(
        ours.std(axis=0), theirs.std(axis=0), rtol=0.25, atol=0.01
    )


def test_flips_half_of_the_images_exactly():
    images = make_images(1000)["images"]
    augmented = augment(images, Augmentation(horizontal_flip=True))
    flipped = (abs(augmented - images[:, :, ::-1]) < 1e-5).all(axis=(1, 2, 3))
    kept = (abs(augmented - images) < 1e-5).all(axis=(1, 2, 3))
    assert (flipped | kept).all()
    assert 430 < flipped.sum() < 570


@pytest.mark.parametrize("axis", ["width", "height"])
def test_shifts_along_the_named_axis_by_at_most_the_range(axis):
    images = np.zeros((400, 32, 32, 1), dtype=np.float32)
    images[:, 16, 16] = 1.0
    augmented = augment(images, Augmentation(**{f"{axis}_shift_range": 0.1}))[..., 0]
    along, across = (1, 2) if axis == "width" else (2, 1)
    place = (augmented.sum(axis=along) * np.arange(32)).sum(axis=1) - 16
    assert abs(place).max() <= 3.2 + 1e-3
    assert place.min() < -2.5 and place.max() > 2.5
    np.testing.assert_allclose(augmented.sum(axis=across)[:, 16], 1.0, atol=1e-4)


def test_is_inactive_outside_training():
    images = make_images(8)["images"]
    layer = AffineAugmentation(ALL, seed=0)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(images)), images)


def test_draws_per_image_anew_each_time_and_from_the_seed():
    images = np.repeat(make_images(1)["images"], 4, axis=0)
    layer = AffineAugmentation(ALL, seed=0)
    first, second = (ops.convert_to_numpy(layer(images, training=True)) for _ in "12")
    again, other = augment(images), augment(images, seed=1)
    assert len({image.tobytes() for image in [*first, *second, *other]}) == 12
    np.testing.assert_array_equal(first, again)


def test_keeps_the_range_of_the_pixels():
    images = make_images(64)["images"]
    augmented = augment(images)
    assert augmented.min() >= 0 and augmented.max() <= 1
    assert augmented.dtype == np.float32


def test_whole_pixels_move_and_blur_nothing():
    images = make_images(200)["images"]
    shifts = {"width_shift_range": 2 / 32, "height_shift_range": 2 / 32}
    moved = augment(images, Augmentation(**shifts, whole_pixels=True))
    padded = np.pad(images, [(0, 0), (2, 2), (2, 2), (0, 0)], mode="edge")
    places = []
    for before, after in zip(padded, moved, strict=True):
        found = [
            (y, x)
            for y in range(5)
            for x in range(5)
            if np.allclose(before[y : y + 32, x : x + 32], after, atol=1e-5)
        ]
        assert len(found) == 1
        places += found
    assert len(set(places)) == 25  # each place, corners included


def test_what_is_to_be_mirrored_can_be_said():
    images = make_images(4)["images"]
    layer = AffineAugmentation(Augmentation(horizontal_flip="alternating"), seed=0)
    mirrored = np.array([True, False, False, True])
    result = ops.convert_to_numpy(layer(images, mirrored, training=True))
    expected = np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
    np.testing.assert_allclose(result, expected, atol=1e-5)


def test_cutout_paints_one_square_in_the_mean_colour_at_a_drawn_place():
    images = make_images(500)["images"]
    out = augment(images, Augmentation(cutout=8))
    changed = (np.abs(out - images) > 1e-5).any(axis=-1)
    mean = images.mean(axis=(1, 2))
    places = set()
    for image, mask, colour in zip(out, changed, mean, strict=True):
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        assert (np.ptp(rows), np.ptp(columns)) == (7, 7)
        np.testing.assert_allclose(image[mask], [colour] * 64, atol=1e-5)
        places.add((rows[0], columns[0]))
    tops, lefts = zip(*places, strict=True)
    assert (min(tops), max(tops)) == (min(lefts), max(lefts)) == (0, 24)
    assert len(places) > 300  # of 625


def test_cutout_may_take_the_whole_image():
    images = make_images(2)["images"]
    out = augment(images, Augmentation(cutout=32))
    mean = images.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(out, np.broadcast_to(mean, out.shape), atol=1e-5)
