"""From descriptions to Keras models, and what stands in them."""
