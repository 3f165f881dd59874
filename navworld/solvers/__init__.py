"""Geometric solvers: thin wrappers over well-kept libraries, one family per file."""
