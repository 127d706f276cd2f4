"""The contender "PyTorch": the same networks in native PyTorch, channels last, eager."""

import math
import os
import time
from typing import Any

from turns import Turn, draw_images

# Filters of VGG16's blocks; a pooling ends each.
VGG16 = ([64, 64], [128, 128], [256] * 3, [512] * 3, [512] * 3)


def build_network(network: dict[str, Any]) -> Any:
    """Build an experiment's network, from images (n, 3, 32, 32) to logits (n, 10)."""
    import torch
    from torch import nn

    modules = _backbone(network["backbone"]) if network["backbone"] else []
    dropout = [nn.Dropout(network["dropout"])] if network["dropout"] else []
    # Keras' defaults: momentum is what PyTorch calls 1 - momentum.
    normalization = {"eps": 1e-3, "momentum": 0.01}
    for block in network["blocks"]:
        for filters in block["filters"]:
            modules += [nn.LazyConv2d(filters, 3, padding=1), nn.ReLU()]
            if network["batch_norm"]:
                modules.append(nn.BatchNorm2d(filters, **normalization))
        modules += [nn.MaxPool2d(2)] if block["pool"] else []
        modules += dropout
    modules.append(nn.Flatten())
    for units in network["dense"]:
        modules += [nn.LazyLinear(units), nn.ReLU()]
        if network["batch_norm"]:
            modules.append(nn.BatchNorm1d(units, **normalization))
        modules += dropout
    model = nn.Sequential(*modules, nn.LazyLinear(10))
    model.eval()(torch.zeros(1, 3, 32, 32))  # from here on the shapes are known
    return model.to(memory_format=torch.channels_last).train()


def _backbone(backbone: dict[str, Any]) -> list[Any]:
    from torch import nn

    first, last = (
        int(backbone[key][len("block")]) for key in ("trainable_from", "up_to")
    )
    if (backbone["trainable_from"], backbone["up_to"]) != (
        f"block{first}_conv1",
        f"block{last}_pool",
    ):
        raise ValueError(f"received {backbone}, expected whole blocks of VGG16")
    modules: list[Any] = []
    channels = 3
    for number, block in enumerate(VGG16[:last], start=1):
        for filters in block:
            convolution = nn.Conv2d(channels, filters, 3, padding=1)
            modules += [convolution.requires_grad_(number >= first), nn.ReLU()]
            channels = filters
        modules.append(nn.MaxPool2d(2))
    return modules


def make_optimizer(model: Any, experiment: dict[str, Any]) -> Any:
    """Make the experiment's optimizer, with its L2 penalty as the decay of kernels."""
    import torch

    settings = experiment["training"]["optimizer"]
    trained = [p for p in model.parameters() if p.requires_grad]
    if settings["name"] == "adam":
        if experiment["network"]["l2"]:
            raise ValueError(
                "received l2 with adam, expected sgd: decay is not a penalty"
            )
        return torch.optim.Adam(trained, settings["learning_rate"], eps=1e-7)
    kernels = [p for p in trained if p.ndim > 1]
    return torch.optim.SGD(
        [
            # The gradient of l2 * w ** 2 is 2 * l2 * w; the classifier has no penalty.
            {"params": kernels[:-1], "weight_decay": 2 * experiment["network"]["l2"]},
            {"params": [*kernels[-1:], *(p for p in trained if p.ndim == 1)]},
        ],
        settings["learning_rate"],
        momentum=settings["momentum"] or 0.0,
    )


def augment(images: Any, augmentation: dict[str, Any]) -> Any:
    """Flip, rotate and shift images (n, 3, 32, 32) at random, in one bilinear resample."""
    import torch
    from torch.nn import functional

    def uniform(bound: float) -> Any:
        return (torch.rand(len(images)) * 2 - 1) * bound

    angle = uniform(math.radians(augmentation["rotation_range"]))
    sign = torch.sign(uniform(1.0)) if augmentation["horizontal_flip"] else 1.0
    # In units of half a side.
    shift_x = uniform(2 * augmentation["width_shift_range"])
    shift_y = uniform(2 * augmentation["height_shift_range"])
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = torch.stack([cos * sign, -sin, shift_x, sin * sign, cos, shift_y], dim=1)
    grid = functional.affine_grid(
        rows.view(-1, 2, 3), images.shape, align_corners=False
    )
    return functional.grid_sample(
        images, grid, padding_mode="border", align_corners=False
    )


def train(turn: Turn, experiment: dict[str, Any], steps: int) -> None:
    """Train by a loop as PyTorch's tutorials have it; results in images/s."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = build_network(experiment["network"])
    optimizer = make_optimizer(model, experiment)
    criterion = torch.nn.CrossEntropyLoss()
    batch = experiment["training"]["batch_size"]
    images, labels = map(torch.from_numpy, draw_images(steps * batch))

    def train_epoch() -> float:
        start = time.perf_counter()
        loss_sum, correct = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for rows in torch.randperm(len(labels)).split(batch):
            # Rows of channels, seen as (n, 3, 32, 32), are channels last.
            inputs, targets = images[rows].permute(0, 3, 1, 2), labels[rows].long()
            if experiment["augmentation"]:
                inputs = augment(inputs, experiment["augmentation"])
            optimizer.zero_grad()
            logits = model(inputs)
            loss = criterion(logits, targets)
            loss.backward()
            optimizer.step()
            loss_sum += loss.detach()
            correct += (logits.argmax(dim=1) == targets).sum()
        loss_sum.item(), correct.item()
        return len(labels) / (time.perf_counter() - start)

    train_epoch()
    turn(None)
    while True:
        turn(train_epoch())
