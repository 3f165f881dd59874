"""Checks of conditions: what weather, light and moved furniture may change, and what they cost."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.envs.options import Options
from navworld.envs.vector import NavigationVectorEnv
from navworld.envs.verify.findings import RADIUS, Findings
from navworld.evaluation.result import Metric
from navworld.scenes import load_scene
from navworld.scenes.rearranged import displaced, rearranged
from navworld.world.body import Camera, Robot
from navworld.world.conditions import PLAIN, WORST, Conditions
from navworld.world.rays import RayScene, occluded, render
from navworld.world.scene import Scene
from navworld.world.store import Place
from navworld.world.world import World

TRUTHS = ("depth", "semantic", "instance", "normals", "triangle")
MIXTURE: dict[str, object] = {
    "hour": (6, 22), "fog": (0, 5), "rain": (0, 5), "snow": (0, 5), "mirrors": (0, 5),
    "season": ("spring", "autumn"), "moved": (0, 5), "visit": (0, 1),
}  # fmt: skip
MOST_FOG = 0.2
LOWEST, SHRINK = 0.03, 0.999


def storms() -> dict[str, Conditions]:
    """Conditions at their worst, one by one and together."""
    worst: dict[str, Any] = dict.fromkeys(("fog", "rain", "snow", "wet", "shiny", "mirrors"), WORST)
    found = {name: replace(PLAIN, **{name: value}) for name, value in worst.items()}
    found |= {f"{hour:g} h": Conditions(hour=hour) for hour in (7.0, 13.0, 22.0)}
    found["autumn"] = Conditions(season="autumn")
    found["everything"] = replace(PLAIN, hour=19.0, season="winter", **worst)
    return found


def verify_conditions(fast: bool = False) -> Findings:
    """The plain scene byte for byte, the truth under any weather, no leaks, the cost of fog."""
    place = Place(load_scene("apartment:7"), None)
    light = "none" if fast else "fast"
    before = _digest(place, light)
    world = _world(place, 4 if fast else 12, light)
    ids = np.arange(world.num_envs)
    camera = Camera(64, 64)
    everything = ("rgb", "color", *TRUTHS)
    plain = _render(place, world, camera, everything)
    same = _view(world, camera, everything)
    checks = {
        "change: conditions at 0 give the bytes of the plain scene": _equal(plain, same),
    }
    changed, true, alone = [], [], []
    cases = storms()
    chosen = ("shiny", "mirrors", "everything") if fast else tuple(cases)
    for conditions in (cases[name] for name in chosen):
        for i in ids[::2]:
            world.meet(int(i), conditions, key=int(i))
        seen = _view(world, camera, everything)
        true.append(_equal({k: plain[k] for k in TRUTHS}, {k: seen[k] for k in TRUTHS}))
        alone.append(np.array_equal(seen["rgb"][1::2], plain["rgb"][1::2]))
        changed.append(not np.array_equal(seen["rgb"][::2], plain["rgb"][::2]))
        for i in ids:
            world.meet(int(i), PLAIN)
    checks["change: truth stays under light, weather and mirrors"] = all(true)
    unseen = [name for name, shows in zip(chosen, changed, strict=True) if not shows]
    checks["change: each condition shows in the colours"] = set(unseen) <= {"wet"}
    checks["change: an environment in fair weather sees none of another's"] = all(alone)
    checks["change: afterwards the scene is as it was"] = before == _digest(
        place, light
    ) and _equal(plain, _view(world, camera, everything))
    cost = _fog_cost(world, repeats=5 if fast else 40)
    metrics = {"fog_cost_share": Metric(cost)}
    checks[f"change: fog costs at most {MOST_FOG:.0%} of a frame"] = fast or cost <= MOST_FOG
    for found, held in (_verify_moved(fast), _verify_repeats(fast)):
        metrics.update(found)
        checks.update(held)
    return metrics, checks


def _world(place: Place, count: int, light: str) -> World:
    world = World(count, Robot(), light=light)
    rng = np.random.default_rng(3)
    for row, xy in enumerate(place.navigator(RADIUS).sample(rng, count)):
        world.place(row, place, xy, float(rng.uniform(-np.pi, np.pi)))
    return world


def _view(world: World, camera: Camera, outputs: tuple[str, ...]) -> dict[str, NDArray]:
    ids = np.arange(world.num_envs)
    return world.view(camera, world.T_world_body(ids), ids, outputs)


def _render(
    place: Place, world: World, camera: Camera, outputs: tuple[str, ...]
) -> dict[str, NDArray]:
    """What the kernel gives without any notion of conditions."""
    which = np.zeros(world.num_envs, np.int64)
    T_world_camera = world.T_world_body() @ camera.T_body_camera
    return render(
        [place.rays(world.light)], which, T_world_camera, camera.pattern, outputs,
        near=camera.near, far=camera.far,
    )  # fmt: skip


def _equal(a: dict[str, NDArray], b: dict[str, NDArray]) -> bool:
    return all(np.array_equal(a[name], b[name]) for name in a)


def _digest(place: Place, light: str) -> str:
    """Of all that environments share of a scene, its light and looks included."""
    digest = hashlib.blake2b()
    scene, state = place.scene, place.rays(light).state
    for array in (scene.vertices, scene.triangles, scene.uv, scene.material, scene.instance):
        digest.update(np.ascontiguousarray(array).data)
    digest.update(state.records["coordinates"].tobytes())
    digest.update(state.atlas.tobytes())
    digest.update(repr([(m.name, m.color, m.emission) for m in scene.materials]).encode())
    return digest.hexdigest()


def _fog_cost(world: World, *, repeats: int) -> float:
    """Share of a frame's processor time (128 px, colour, depth and classes) that fog adds."""
    camera, outputs = Camera(128, 128), ("rgb", "depth", "semantic")
    look = Conditions(fog=3.0)
    took = np.empty((repeats, 2))
    for n in range(repeats):
        for k, conditions in enumerate((PLAIN, look)):
            for row in range(world.num_envs):
                world.meet(row, conditions)
            _view(world, camera, outputs)
            start = time.thread_time()
            _view(world, camera, outputs)
            took[n, k] = time.thread_time() - start
    return float(np.median(took[:, 1] / took[:, 0]) - 1)


def _verify_moved(fast: bool) -> Findings:
    """Moved furniture: nothing stands in anything, and bodies still get everywhere."""
    pierced, kept, moved = [], [], 0
    for seed in (7,) if fast else (7, 12, 23):
        scene = load_scene(f"apartment:{seed}")
        for visit in range(1 if fast else 3):
            other = rearranged(scene, 5.0, visit)
            moved += int(displaced(scene, other).sum())
            pierced += [name for name in _piercing(scene, other)]
            area = [Place(s, None).navigator(RADIUS).area for s in (scene, other)]
            kept.append(area[1] / area[0])
    metrics = {
        "moved_instances": Metric(float(moved)),
        "moved_walkable_share": Metric(float(np.min(kept))),
    }
    told = f" ({', '.join(sorted(set(pierced)))})" if pierced else ""
    return metrics, {
        f"change: moved furniture pierces nothing{told}": not pierced,
        "change: with all loose furniture moved most floor stays in one piece": min(kept) > 0.75,
    }


def _piercing(plain: Scene, moved: Scene) -> Iterator[str]:
    """Names of displaced things whose edges cross another's surface, by rays along the edges."""
    away = displaced(plain, moved)
    corners = moved.vertices[moved.triangles].astype(np.float64)
    own = away[moved.instance]
    offset = _offsets(plain, moved)
    for shift in np.unique(offset[away].round(3), axis=0):
        group = own & (np.abs(offset[moved.instance] - shift).max(1) < 2e-3)
        rest = RayScene(_part(moved, ~group))
        edges = corners[group][:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2, 3)
        edges = edges[edges[:, :, 2].min(1) > LOWEST]
        along = edges[:, 1] - edges[:, 0]
        hit = occluded(rest, edges[:, 0], along, SHRINK)
        if hit.any():
            yield moved.instances[int(moved.instance[group][0])].name


def _offsets(plain: Scene, moved: Scene) -> NDArray[np.float64]:
    """(I, 4) cosine, sine and shift of every instance, the same for what moved together."""
    out = np.zeros((len(plain.instances), 4))
    for item in np.flatnonzero(displaced(plain, moved)):
        vertices = np.unique(plain.triangles[plain.instance == item])
        a = plain.vertices[vertices].astype(np.float64)
        b = moved.vertices[vertices].astype(np.float64)
        far = int(np.argmax(np.linalg.norm(a[:, :2] - a[0, :2], axis=1)))
        before, after = a[far, :2] - a[0, :2], b[far, :2] - b[0, :2]
        turn = np.angle(complex(*after) / complex(*before))
        c, s = np.cos(turn), np.sin(turn)
        out[item] = c, s, *(b[0, :2] - np.array([[c, -s], [s, c]]) @ a[0, :2])
    return out


def _part(scene: Scene, which: NDArray[np.bool_]) -> Scene:
    return Scene(
        "part", scene.vertices, scene.triangles[which], scene.uv[which], scene.material[which],
        scene.instance[which], scene.materials, scene.instances,
    )  # fmt: skip


def _verify_repeats(fast: bool) -> Findings:
    """Drawn conditions: the same bytes for one environment or many, one thread or several."""
    steps, many = (3, 2) if fast else (12, 8)
    mixture = MIXTURE | ({"moved": 2.0, "visit": 0} if fast else {})
    light = "none" if fast else "fast"
    reference = _roll(mixture, light, many, 5, steps)
    checks = {
        "change: the same with 2 threads": _same(
            _roll(mixture, light, many, 5, steps, threads=2), reference
        ),
        "change: the same in a second run": _same(_roll(mixture, light, many, 5, steps), reference),
    }
    for k in (0, many - 1):
        alone = _roll(mixture, light, 1, 5 + k, steps, first=k)
        mine = [{key: value[k : k + 1] for key, value in o.items()} for o in reference]
        checks[f"change: environment {k} alone"] = _same(alone, mine)
    return {}, checks


def _same(a: list[dict[str, NDArray]], b: list[dict[str, NDArray]]) -> bool:
    return all(_equal(x, y) for x, y in zip(a, b, strict=True))


def _roll(
    mixture: dict[str, object],
    light: str,
    count: int,
    seed: int,
    steps: int,
    *,
    threads: int = 1,
    first: int = 0,
) -> list[dict[str, NDArray]]:
    options = Options(
        scenes="apartment:7", image_size=32, light=light, threads=threads, conditions=mixture
    )
    env = NavigationVectorEnv(count, options)
    observation, _ = env.reset(seed=seed)
    seen = [{key: value.copy() for key, value in observation.items()}]
    for t in range(steps):
        actions = np.array([1 + (3 * t + first + k) % 3 for k in range(count)])
        observation = env.step(actions)[0]
        seen.append({key: value.copy() for key, value in observation.items()})
    return seen
