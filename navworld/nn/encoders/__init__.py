"""Encoders: from what is sensed to features, one kind of input per file."""
