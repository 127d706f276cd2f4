"""The official layouts of the CIFAR archives, in their binary form.

Source: https://www.cs.toronto.edu/~kriz/cifar.html.
"""

from dataclasses import dataclass

from cifar_kedro.config.data import CIFAR10_CLASSES, CIFAR10_NAME

PIXEL_BYTES = 3 * 32 * 32  # the red, green and blue planes of one image


@dataclass(frozen=True)
class Layout:
    """What an archive contains, and how a record begins.

    Attributes:
        name: The name of the data set.
        folder: The folder of the members.
        parts: The members with the images of ``train`` and of ``test``, in order.
        classes: The number of classes of each label byte in a record.
        label: The index of the label byte that is used.
        class_names: The class names by label. Empty if `names_file` has them.
        names_file: The member with the class names, one a line. None if `class_names`
            has them.
        extras: Members that may be there. They are not read.
    """

    name: str
    folder: str
    parts: dict[str, list[str]]
    classes: tuple[int, ...]
    label: int = 0
    class_names: tuple[str, ...] = ()
    names_file: str | None = None
    extras: frozenset[str] = frozenset()

    @property
    def batches(self) -> frozenset[str]:
        """The members that hold images."""
        return frozenset(name for names in self.parts.values() for name in names)

    @property
    def record_bytes(self) -> int:
        """The number of bytes of a record: labels, then pixels."""
        return len(self.classes) + PIXEL_BYTES


_TEN, _HUNDRED = "cifar-10-batches-bin", "cifar-100-binary"

_CIFAR10 = Layout(
    name=CIFAR10_NAME,
    folder=_TEN,
    parts={
        "train": [f"{_TEN}/data_batch_{number}.bin" for number in range(1, 6)],
        "test": [f"{_TEN}/test_batch.bin"],
    },
    classes=(10,),
    class_names=CIFAR10_CLASSES,
    extras=frozenset({f"{_TEN}/batches.meta.txt", f"{_TEN}/readme.html"}),
)


def _cifar100(label: int, kinds: tuple[str, ...] = ("coarse", "fine")) -> Layout:
    names = [f"{_HUNDRED}/{kind}_label_names.txt" for kind in kinds]
    return Layout(
        name=f"CIFAR-100, {kinds[label]} labels",
        folder=_HUNDRED,
        parts={part: [f"{_HUNDRED}/{part}.bin"] for part in ("train", "test")},
        classes=(20, 100),
        label=label,
        names_file=names[label],
        extras=frozenset(names) - {names[label]},
    )


# The keys are the values of the catalog's `content`.
LAYOUTS = {
    "cifar10": _CIFAR10,
    "cifar100-coarse": _cifar100(0),
    "cifar100-fine": _cifar100(1),
}
