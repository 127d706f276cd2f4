"""The fast path for a CPU under TensorFlow, and nothing else."""
