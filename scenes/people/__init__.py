"""Looks of what moves by itself: people and vehicles.

Every look is a function of a number, made when first asked for and kept for the life of the
process; environments share them.
"""

from navworld.scenes.people.bodies import figure
from navworld.scenes.people.vehicles import vehicle

__all__ = ["figure", "vehicle"]
