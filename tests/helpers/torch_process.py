"""What tests ask of the contender in PyTorch, called by `ask_torch` of tests/test_benchmarks.py.

A program of its own, because PyTorch crashes in a process that has TensorFlow. Its
argument names a function, whose argument it reads, and whose result it prints, as JSON.
"""

import json
import sys
from typing import Any

import native_torch
import torch
import turns


def count_parameters(experiments: dict[str, Any]) -> dict[str, dict[str, int]]:
    return {
        name: _count(native_torch.build_network(experiment["network"]))
        for name, experiment in experiments.items()
    }


def _count(model: torch.nn.Module) -> dict[str, int]:
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    # PyTorch counts its batches too, one number per normalization.
    statistics = [b for b in model.buffers() if b.dtype == torch.float32]
    total = sum(p.numel() for p in [*model.parameters(), *statistics])
    return {
        "total": total,
        "trainable": trainable,
        "non_trainable": total - trainable,
    }


def group_parameters(experiment: dict[str, Any]) -> dict[str, Any]:
    model = native_torch.build_network(experiment["network"])
    groups = native_torch.make_optimizer(model, experiment).param_groups
    return {
        "sizes": [len(group["params"]) for group in groups],
        "decays": [group["weight_decay"] for group in groups],
        "parameters": len(list(model.parameters())),
    }


def augment(still: dict[str, Any]) -> dict[str, list[Any]]:
    """Augment 200 images by settings that leave them as they are, and by others."""
    images = torch.from_numpy(turns.draw_images(200)[0]).permute(0, 3, 1, 2)
    flipped = native_torch.augment(images, still | {"horizontal_flip": True})
    dot = torch.zeros(200, 3, 32, 32)
    dot[:, :, 16, 16] = 1.0
    shifted = native_torch.augment(dot, still | {"width_shift_range": 0.1})
    columns = (shifted[:, 0].sum(dim=1) * torch.arange(32)).sum(dim=1) - 16
    return {
        "still": _are_equal(native_torch.augment(images, still), images),
        "kept": _are_equal(flipped, images),
        "mirrored": _are_equal(flipped, images.flip(3)),
        "shifts": columns.tolist(),
    }


def _are_equal(images: torch.Tensor, others: torch.Tensor) -> list[bool]:
    return torch.isclose(images, others, atol=1e-4).all(dim=(1, 2, 3)).tolist()


if __name__ == "__main__":
    json.dump(globals()[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
