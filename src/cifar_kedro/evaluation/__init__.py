"""What is concluded from what runs left behind; without Keras."""
