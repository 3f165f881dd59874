"""Policies of navigating agents, learned and not."""
