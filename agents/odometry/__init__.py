"""Odometry: how a body has moved, from what it senses."""
