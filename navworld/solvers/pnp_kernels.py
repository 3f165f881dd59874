"""The inner loop of `navworld.solvers.pnp.refine_pose`."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def normal_equations(T_camera_world, p_world, pixels, depth, std, pixel_std, lens, huber, near):
    """Sums of Jᵀ W J (6, 6) and −Jᵀ W r (6,) over points.

    Errors are those of pixels and of inverse depth, in standard deviations; the twist
    (translation, rotation) follows the pose of the camera.

    Args:
        lens: fx, fy, cx, cy [px].
        huber: From how many standard deviations on errors count less than their square.
        near: Points nearer to the camera's plane are left out [m].
    """
    A, b = np.zeros((6, 6)), np.zeros(6)
    J = np.empty(6)
    R, t = T_camera_world[:3, :3], T_camera_world[:3, 3]
    fx, fy, cx, cy = lens
    for k in range(len(p_world)):
        p = p_world[k]
        x = R[0, 0] * p[0] + R[0, 1] * p[1] + R[0, 2] * p[2] + t[0]
        y = R[1, 0] * p[0] + R[1, 1] * p[1] + R[1, 2] * p[2] + t[1]
        z = R[2, 0] * p[0] + R[2, 1] * p[1] + R[2, 2] * p[2] + t[2]
        if z <= near:
            continue
        for kind in range(3):
            # The gradient (gx, gy, gz) of the error in the point, in the camera's frame.
            if kind == 0:
                r = (fx * x / z + cx - pixels[k, 0]) / pixel_std
                gx, gy, gz = fx / z / pixel_std, 0.0, -fx * x / (z * z) / pixel_std
            elif kind == 1:
                r = (fy * y / z + cy - pixels[k, 1]) / pixel_std
                gx, gy, gz = 0.0, fy / z / pixel_std, -fy * y / (z * z) / pixel_std
            else:
                if depth[k] <= 0:
                    continue
                trust = depth[k] * depth[k] / std[k]
                r = trust * (1 / z - 1 / depth[k])
                gx, gy, gz = 0.0, 0.0, -trust / (z * z)
            # A twist (ρ, φ) of the camera moves the point by −ρ − φ × p.
            J[0], J[1], J[2] = -gx, -gy, -gz
            J[3] = gy * z - gz * y
            J[4] = gz * x - gx * z
            J[5] = gx * y - gy * x
            weight = 1.0 if abs(r) <= huber else huber / abs(r)
            for i in range(6):
                b[i] -= weight * J[i] * r
                for j in range(i, 6):
                    A[i, j] += weight * J[i] * J[j]
    for i in range(6):
        for j in range(i):
            A[i, j] = A[j, i]
    return A, b
