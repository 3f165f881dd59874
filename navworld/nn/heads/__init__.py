"""Heads: from features to what is asked."""
