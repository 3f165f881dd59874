"""Scenes, rays, light, motion and the World that simulates bodies in them.

| what | where |
|---|---|
| a scene, frozen; how scenes are made, kept and shared | `scene`, `mesh`, `store`, `cache` |
| the batch of bodies, and what they are | `world`, `body` |
| rays into scenes, images and scans | `rays`, `ranging`; their kernels in `tracing/` |
| light that is baked once | `light`; how in `baking/` |
| hour, weather, season | `conditions`; what they change in `appearance/` |
| where bodies can be, how far it is | `navigability`, `geodesic`, `motion`; see `walkable/` |
| people, vehicles, doors | `movers`; each kind in `company/` |
| how a sensor is carried | `carriers`, `routes`, `gait`, `limbs` |
| fields that are felt, not seen | `magnetism`, `radio`, `temperatures`, `substances` |
"""
