"""Scenes, rays, light, motion and the World that simulates bodies in them."""
