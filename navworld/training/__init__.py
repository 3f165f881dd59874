"""Ways of training, one per file."""
