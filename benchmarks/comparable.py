"""Which experiments plain Keras and PyTorch train as ours are trained.

The package is imported within functions only: the others' workers import this module.
"""

from typing import Any

from common import load_experiments

LARGEST_SHEAR = 0.2  # degrees, exp7's: so little that the others do without


def check_comparable(experiment: dict[str, Any]) -> None:
    """Refuse an experiment that the others would train as something else.

    Args:
        experiment: As `load_experiments` gives it.

    Raises:
        ValueError: If it has settings that they would ignore.
    """
    if ignored := find_ignored(experiment):
        blocks = load_experiments().items()
        comparable = ", ".join(name for name, b in blocks if not find_ignored(b))
        raise ValueError(
            f"received '{experiment['name']}', but plain Keras and PyTorch would ignore "
            f"its {', '.join(ignored)}; expected one of {comparable}"
        )


def find_ignored(experiment: dict[str, Any]) -> list[str]:
    """List the settings of an experiment that plain Keras or PyTorch would ignore."""
    from cifar_kedro.config.differences import find_differences

    seen = _see(experiment)
    sections = {name: experiment[name] for name in seen}
    return list(find_differences(_number_blocks(sections), _number_blocks(seen)))


def _see(experiment: dict[str, Any]) -> dict[str, Any]:
    """Give the sections of an experiment as the others see them.

    What `plain_keras` and `native_torch` build, and what no training step depends on, is
    as it was; everything else has its default.
    """
    from cifar_kedro.config import Augmentation, Network, Training

    network, training = experiment["network"], experiment["training"]
    augmentation = experiment["augmentation"]
    blocks = [
        _take(b, "filters") | {"pool": bool(b["pool"])} for b in network["blocks"]
    ]
    sgd = training["optimizer"]["name"] == "sgd"
    optimizer = _take(training["optimizer"], "learning_rate", *["momentum"] * sgd)
    seen = {
        "network": Network.model_validate(
            _take(network, "backbone", "dropout", "l2", "dense")
            | {"blocks": blocks, "batch_norm": bool(network["batch_norm"])}
        ),
        "training": Training.model_validate(
            _take(training, "batch_size", "validation_images", "drop_remainder")
            | _take(training, "epochs", "early_stopping", "reduce_lr")
            | {"optimizer": optimizer | {"name": "sgd" if sgd else "adam"}}
        ),
    }
    if augmentation:
        shear = min(augmentation["shear_range"], LARGEST_SHEAR)
        seen["augmentation"] = Augmentation.model_validate(
            _take(augmentation, "rotation_range")
            | _take(augmentation, "width_shift_range", "height_shift_range")
            | {"horizontal_flip": True, "shear_range": shear}
        )
    return {name: section.model_dump() for name, section in seen.items()}


def _take(section: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: section[key] for key in keys}


def _number_blocks(sections: dict[str, Any]) -> dict[str, Any]:
    """Put a dict of blocks in the place of their list, so that differences name a key."""
    network = sections["network"]
    return sections | {
        "network": network | {"blocks": dict(enumerate(network["blocks"]))}
    }
