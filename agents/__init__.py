"""Agents: what decides, by name in `catalog.py`; floors, learned systems, their weights."""
