"""navworld: simulated 3-D scenes in which machines learn where they are and how to get there."""

from navworld.registration import register

__version__ = "0.1.0"

register()
