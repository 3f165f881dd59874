"""The shortest-path oracle: knows the scene and the goal; the ceiling in every table."""

from navworld.envs.experts import ShortestPathOracle

__all__ = ["ShortestPathOracle"]
