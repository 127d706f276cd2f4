"""A state of a training, with every kind of content."""

from dataclasses import astuple

import numpy as np

from cifar_kedro.datasets.checkpoint import TrainingState

STATE = TrainingState(
    variables=[np.arange(6, dtype=np.float32).reshape(2, 3), np.uint32([1, 2])],
    best_weights=[np.float32([0.1])],
    history=[{"epoch": 1, "loss": 0.1 + 0.2}],
    counters=[{"best": float("inf"), "wait": 2, "best_epoch": None}, {}],
    stopped=False,
)
SHAPES = [(2, 3), (2,)]


def same(one, two):
    """Whether two states are the same, to the bit."""

    def describe(state):
        arrays = [[(a.dtype, a.tobytes()) for a in part] for part in state[:2]]
        return arrays, state[2:]

    return describe(astuple(one)) == describe(astuple(two))
