"""From descriptions to Keras models, and the parts of these models."""
