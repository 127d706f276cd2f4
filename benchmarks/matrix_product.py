"""The yardstick: how fast this machine multiplies matrices, in NumPy."""

from turns import Turn, call_in_turns


def multiply(turn: Turn, side: int = 4096, products: int = 3) -> None:
    """Multiply two float32 matrices on all cores; results in GFLOP/s."""
    import numpy as np

    generator = np.random.default_rng(0)
    a, b = (generator.random((side, side), dtype=np.float32) for _ in "ab")
    out = np.empty_like(a)
    gflop = 2 * side**3 / 1e9
    call_in_turns(turn, lambda: np.matmul(a, b, out=out), products, amount=gflop)
