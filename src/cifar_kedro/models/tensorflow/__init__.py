"""The fast path of a CPU under TensorFlow, and nothing else."""
