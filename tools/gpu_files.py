"""Files for a machine without a network, to which only small ones can be sent.

python tools/gpu_files.py split FILE FOLDER [--mib 60]
python tools/gpu_files.py join FOLDER FILE
python tools/gpu_files.py cut-vgg16 WEIGHTS FILE
"""

import argparse
import hashlib
import os
import sys
from pathlib import Path

import h5py

MIB = 2**20
# exp12 ends with the third block. Keras still expects the layers of the others.
LEFT_OUT = ("block4", "block5")


def split(source: Path, folder: Path, mib: int) -> list[Path]:
    """Write a file as pieces, and ``sha256.txt`` with the hashes of all and of the whole.

    Args:
        source: The file.
        folder: Where to write. The pieces are NAME.000, NAME.001, ...
        mib: The size of a piece in MiB.

    Returns:
        The pieces.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pieces: dict[Path, str] = {}
    whole = hashlib.sha256()
    with source.open("rb") as file:
        while content := file.read(mib * MIB):
            piece = folder / f"{source.name}.{len(pieces):03}"
            piece.write_bytes(content)
            pieces[piece] = hashlib.sha256(content).hexdigest()
            whole.update(content)
    lines = [f"{digest}  {piece.name}\n" for piece, digest in pieces.items()]
    lines += [f"{whole.hexdigest()}  {source.name}\n"]
    (folder / "sha256.txt").write_text("".join(lines), encoding="utf-8")
    return list(pieces)


def join(folder: Path, target: Path) -> str:
    """Join what `split` wrote.

    Returns:
        The hash of the whole, as the ``archive`` setting takes it.

    Raises:
        ValueError: If pieces are missing or damaged: which ones. Nothing is written then.
    """
    lines = (folder / "sha256.txt").read_text(encoding="utf-8").splitlines()
    *pieces, (expected, _) = [line.split("  ", 1) for line in lines]
    bad = [name for digest, name in pieces if _hash(folder / name) != digest]
    if bad:
        raise ValueError(f"missing or damaged in {folder}: {', '.join(bad)}")
    temporary = target.with_name(f"{target.name}.part")
    with temporary.open("wb") as file:
        for _, name in pieces:
            file.write((folder / name).read_bytes())
    if _hash(temporary) != expected:
        temporary.unlink()
        raise ValueError(f"the pieces are whole, but {folder / 'sha256.txt'} is not")
    os.replace(temporary, target)
    return f"sha256:{expected}"


def cut_vgg16(weights: Path, target: Path) -> None:
    """Copy VGG16's weights without the values of its last two blocks.

    The setting ``backbone.weights`` takes the copy. These blocks have zeros there, which
    take no space: HDF5 stores no array that nobody wrote.

    Args:
        weights: Keras' file, without the top.
        target: Where to write: 7 MB instead of 59.
    """
    with h5py.File(weights) as source, h5py.File(target, "w") as copy:
        copy.attrs.update(source.attrs)

        def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Group):
                copy.create_group(name).attrs.update(item.attrs)
            elif name.startswith(LEFT_OUT):
                copy.create_dataset(name, item.shape, item.dtype)
            else:
                copy.create_dataset(name, data=item[()])

        source.visititems(visit)


def _hash(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["split", "join", "cut-vgg16"])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--mib", type=int, default=60)
    arguments = parser.parse_args()
    paths = arguments.source, arguments.target
    if arguments.what == "split":
        print(*split(*paths, arguments.mib), sep="\n")
    elif arguments.what == "join":
        try:
            print(join(*paths))
        except ValueError as error:
            sys.exit(str(error))
    else:
        cut_vgg16(*paths)


if __name__ == "__main__":
    main()
