"""NumPy and torch give the same numbers, and torch gives finite and right gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from navworld.geometry import cameras, distortion, se3, so3, trajectories
from navworld.geometry.arrays import as_arrays

RNG_SEED = 7
BROWN = (-0.28, 0.07, 1e-3, -5e-4, 0.01)
KANNALA = (0.02, -0.01, 3e-3, -4e-4)


def _inputs(shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(RNG_SEED)
    p = rng.standard_normal((*shape, 3)) * [1, 1, 0.3] + [0, 0, 3]
    return {
        "phi": rng.standard_normal((*shape, 3)),
        "xi": rng.standard_normal((*shape, 6)),
        "R": so3.random(rng, shape),
        "R_b": so3.random(rng, shape),
        "T": se3.random(rng, shape),
        "T_b": se3.random(rng, shape),
        "M": rng.standard_normal((*shape, 3, 3)),
        "q": rng.standard_normal((*shape, 4)),
        "p": p,
        "xy": 0.4 * rng.standard_normal((*shape, 2)),
        "depth": rng.uniform(1, 5, shape),
        "poses": se3.random(rng, (*shape, 5)),
        "K": np.broadcast_to(cameras.intrinsics(64, 48, 80.0), (*shape, 3, 3)).copy(),
    }


PINHOLE = cameras.Pinhole(64, 48, 40.0, 41.0, 31.0, 24.0, BROWN)
FISHEYE = cameras.Fisheye(64, 48, 20.0, 21.0, 31.0, 24.0, KANNALA)
FUNCTIONS: dict[str, tuple[Callable, tuple[str, ...]]] = {
    "so3.hat": (so3.hat, ("phi",)),
    "so3.vee": (so3.vee, ("M",)),
    "so3.exp": (so3.exp, ("phi",)),
    "so3.log": (so3.log, ("R",)),
    "so3.rotate": (so3.rotate, ("R", "p")),
    "so3.to_quaternion": (so3.to_quaternion, ("R",)),
    "so3.from_quaternion": (so3.from_quaternion, ("q",)),
    "so3.from_euler_zyx": (so3.from_euler_zyx, ("phi",)),
    "so3.to_euler_zyx": (so3.to_euler_zyx, ("R",)),
    "so3.interpolate": (lambda a, b: so3.interpolate(a, b, 0.3), ("R", "R_b")),
    "so3.angle": (so3.angle, ("R",)),
    "so3.angle_between": (so3.angle_between, ("R", "R_b")),
    "so3.left_jacobian": (so3.left_jacobian, ("phi",)),
    "so3.left_jacobian_inverse": (so3.left_jacobian_inverse, ("phi",)),
    "so3.right_jacobian": (so3.right_jacobian, ("phi",)),
    "so3.right_jacobian_inverse": (so3.right_jacobian_inverse, ("phi",)),
    "so3.project": (so3.project, ("M",)),
    "se3.exp": (se3.exp, ("xi",)),
    "se3.log": (se3.log, ("T",)),
    "se3.swap_tangent_order": (se3.swap_tangent_order, ("xi",)),
    "se3.from_rotation_translation": (se3.from_rotation_translation, ("R", "p")),
    "se3.inverse": (se3.inverse, ("T",)),
    "se3.relative": (se3.relative, ("T", "T_b")),
    "se3.transform": (se3.transform, ("T", "p")),
    "se3.transform_directions": (se3.transform_directions, ("T", "p")),
    "se3.adjoint": (se3.adjoint, ("T",)),
    "se3.interpolate": (lambda a, b: se3.interpolate(a, b, 0.3), ("T", "T_b")),
    "se3.from_planar": (se3.from_planar, ("phi",)),
    "se3.to_planar": (se3.to_planar, ("T",)),
    "project": (lambda K, p: cameras.project(K, p)[0], ("K", "p")),
    "unproject": (cameras.unproject, ("K", "xy", "depth")),
    "Pinhole.project": (lambda p: PINHOLE.project(p)[0], ("p",)),
    "Pinhole.unproject": (lambda xy, d: PINHOLE.unproject(30 + 10 * xy, d), ("xy", "depth")),
    "Fisheye.project": (lambda p: FISHEYE.project(p)[0], ("p",)),
    "Fisheye.unproject": (lambda xy, d: FISHEYE.unproject(30 + 10 * xy, d), ("xy", "depth")),
    "Panorama.project": (lambda p: cameras.Panorama(64, 32).project(p)[0], ("p",)),
    "Panorama.unproject": (cameras.Panorama(64, 32).unproject, ("xy", "depth")),
    "Orthographic.project": (lambda p: cameras.Orthographic(9, 9, 0.1).project(p)[0], ("p",)),
    "Orthographic.unproject": (cameras.Orthographic(9, 9, 0.1).unproject, ("xy", "depth")),
    "radial_tangential": (lambda xy: distortion.radial_tangential(xy, BROWN), ("xy",)),
    "relative_motions": (trajectories.relative_motions, ("poses",)),
    "integrate": (trajectories.integrate, ("T", "poses")),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (0,)], ids=str)
def test_torch_equals_numpy(name: str, shape: tuple[int, ...]) -> None:
    function, keys = FUNCTIONS[name]
    arrays = [_inputs(shape)[key] for key in keys]
    expected = function(*arrays)
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 2e-4)):
        result = function(*(torch.from_numpy(a).to(dtype) for a in arrays))
        assert result.dtype == dtype
        np.testing.assert_allclose(result.numpy(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradient_equals_finite_differences(name: str) -> None:
    function, keys = FUNCTIONS[name]
    tensors = [torch.from_numpy(_inputs((2,))[key]).requires_grad_() for key in keys]
    assert torch.autograd.gradcheck(function, tensors, eps=1e-6, atol=1e-5)


ORIGIN: dict[str, tuple[Callable, np.ndarray]] = {
    "so3.exp": (so3.exp, np.zeros(3)),
    "so3.log": (so3.log, np.eye(3)),
    "so3.angle": (so3.angle, np.eye(3)),
    "so3.to_quaternion": (so3.to_quaternion, np.eye(3)),
    "so3.to_euler_zyx": (so3.to_euler_zyx, np.eye(3)),
    "so3.left_jacobian": (so3.left_jacobian, np.zeros(3)),
    "so3.left_jacobian_inverse": (so3.left_jacobian_inverse, np.zeros(3)),
    "so3.project": (so3.project, np.eye(3)),
    "so3.project of a plane": (so3.project, np.diag([1.0, 1.0, 0.0])),
    "so3.interpolate": (lambda R: so3.interpolate(R, R, 0.5), np.eye(3)),
    "se3.exp": (se3.exp, np.zeros(6)),
    "se3.log": (se3.log, np.eye(4)),
    "Fisheye.project": (lambda p: FISHEYE.project(p)[0], np.array([0.0, 0.0, 2.0])),
    "Fisheye.project behind": (lambda p: FISHEYE.project(p)[0], np.array([0.0, 0.0, -2.0])),
    "Fisheye.unproject": (lambda xy: FISHEYE.unproject(xy, 1.0), np.array([31.0, 24.0])),
    "Pinhole.project at the centre": (lambda p: PINHOLE.project(p)[0], np.zeros(3)),
    "Panorama.project of the zenith": (
        lambda p: cameras.Panorama(8, 4).project(p)[0],
        np.array([0.0, -1.0, 0.0]),
    ),
}


@pytest.mark.parametrize("name", ORIGIN)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_gradient_is_finite_where_angles_vanish(name: str, dtype: torch.dtype) -> None:
    function, value = ORIGIN[name]
    tensor = torch.from_numpy(value).to(dtype).requires_grad_()
    result = function(tensor)
    assert result.isfinite().all()
    for entry in result.reshape(-1):
        (gradient,) = torch.autograd.grad(entry, tensor, retain_graph=True)
        assert gradient.isfinite().all()


def test_gradient_of_exp_at_zero_is_the_generators() -> None:
    jacobian = torch.autograd.functional.jacobian(so3.exp, torch.zeros(3, dtype=torch.float64))
    generators = so3.hat(np.eye(3))
    np.testing.assert_allclose(jacobian.numpy(), np.moveaxis(generators, 0, -1), atol=1e-15)


def test_gradient_of_projection_at_a_rotation_is_tangent() -> None:
    R = torch.from_numpy(so3.random(np.random.default_rng(3)))
    direction = torch.from_numpy(np.random.default_rng(4).standard_normal((3, 3)))
    _, derivative = torch.autograd.functional.jvp(so3.project, R, direction)
    step = 1e-6
    expected = (so3.project(R + step * direction) - so3.project(R - step * direction)) / (2 * step)
    np.testing.assert_allclose(derivative.numpy(), expected.numpy(), atol=1e-8)


def test_numpy_and_torch_are_not_mixed_silently() -> None:
    with pytest.raises(TypeError, match="mixed in one call"):
        se3.transform(np.eye(4), torch.zeros(3))


def test_integers_and_lists_become_float64() -> None:
    xp, identity, numbers = as_arrays(np.eye(3, dtype=int), [1, 2])
    assert xp is np
    assert identity.dtype == numbers.dtype == np.float64
    assert so3.log(torch.eye(3, dtype=torch.int64)).dtype == torch.float64
