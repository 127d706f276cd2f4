"""Tiny archives in the official layout."""

import io
import tarfile

import numpy as np

FOLDER = "cifar-10-batches-bin"
BATCHES = [f"{FOLDER}/data_batch_{n}.bin" for n in range(1, 6)]
BATCHES += [f"{FOLDER}/test_batch.bin"]


def encode(images: np.ndarray, labels: np.ndarray) -> bytes:
    """Records of images (n, 32, 32, 3) and labels (n,), spelt out byte by byte."""
    records = b""
    for image, label in zip(images, labels, strict=True):
        records += bytes([label])
        for channel in range(3):
            records += image[:, :, channel].tobytes()
    return records


def draw(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    images = rng.integers(256, size=(size, 32, 32, 3), dtype=np.uint8)
    return images, rng.integers(10, size=size, dtype=np.uint8)


def tiny_members() -> dict[str, bytes]:
    """Two records in each of the six batches."""
    return {name: encode(*draw(2, seed)) for seed, name in enumerate(BATCHES)}


def to_tar(members: list[tuple[tarfile.TarInfo | str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member, content in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def make_cifar100() -> tuple[dict[str, bytes], np.ndarray]:
    """Make CIFAR-100's members: 200 images in either part, two of each fine class.

    Returns:
        The content by name; and the images, (200, 32, 32, 3), the same in both
        parts. Five fine classes in turn make a coarse one.
    """
    images, _ = draw(200, seed=0)
    fine = np.arange(200) % 100
    records = b"".join(
        bytes([label // 5, label]) + image.transpose(2, 0, 1).tobytes()
        for image, label in zip(images, fine, strict=True)
    )
    folder = "cifar-100-binary"
    members = {f"{folder}/{part}.bin": records for part in ("train", "test")}
    for kind, count in (("fine", 100), ("coarse", 20)):
        names = "".join(f"{kind} {number}\n" for number in range(count))
        members[f"{folder}/{kind}_label_names.txt"] = names.encode()
    return members, images
