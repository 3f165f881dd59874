"""Losses, one family per file."""
