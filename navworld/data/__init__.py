"""Sequences: recorded, read, written and streamed."""
