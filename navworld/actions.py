"""The discrete actions of a navigating body."""

STOP, FORWARD, LEFT, RIGHT = range(4)
