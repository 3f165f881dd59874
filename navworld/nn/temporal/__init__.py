"""Modules over time."""
