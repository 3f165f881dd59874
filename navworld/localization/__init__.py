"""Localizers that are made of other components."""
