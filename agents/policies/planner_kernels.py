"""The planner's loops, compiled: cost grid, choice of heading and forward moves."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from navworld.actions import FORWARD, LEFT, RIGHT, STOP
from navworld.maps.occupancy_kernels import EXPLORED, OBSTACLE
from navworld.maps.planning import NEVER, costs_to_go

BORDER = 12
"""Planning cells around what has been touched: room to walk around it."""

LOOKAHEAD = 3
"""Forward moves tried along each heading of the first leg; two are tried on the second."""

THROUGH = 40.0
"""Cost of what blocks the way when there is no other."""

CONTACT = 0.08
"""A forward move that ends at contact after less than this is not worth it [m]."""


@njit(cache=True, nogil=True)
def decide(cells, bounds, ids, poses, goals, cell, body, settings, blocked):
    """Actions (n,) for the bodies at `poses` (x, y, yaw) that want to reach `goals` (n, 2).

    Args:
        body: Radius [m], forward move [m], turn [rad].
        settings: The fields of `PlannerSettings`, in order.
        blocked: (n,) clearance below which a place cannot be entered [m].
    """
    actions = np.empty(len(ids), np.int64)
    for n in range(len(ids)):
        grid = cells[ids[n]]
        dx, dy = goals[n, 0] - poses[n, 0], goals[n, 1] - poses[n, 1]
        box = _window(bounds[ids[n]], grid.shape[0], cell, poses[n], goals[n])
        cost = _cost_grid(grid, box, cell, poses[n], goals[n], settings, blocked[n])
        value, reached = _costs_to_go(cost, box, grid.shape[0], cell, poses[n], goals[n])
        distance = math.hypot(dx, dy)
        if distance <= settings[0] and reached <= 0.45 * (1 + settings[3]):
            actions[n] = STOP
        else:
            points = _obstacles_near(grid, cell, poses[n], body)
            actions[n] = _choose(
                value, cost, box, grid.shape[0], cell, points, poses[n], body, settings
            )
    return actions


@njit(cache=True, nogil=True)
def _window(bounds, side, cell, pose, goal):
    """Box (top, bottom, left, right) in planning cells (2 × 2 cells) that the plan lives in."""
    box = np.array([bounds[0] // 2, (bounds[1] + 1) // 2, bounds[2] // 2, (bounds[3] + 1) // 2])
    for x, y in ((pose[0], pose[1]), (goal[0], goal[1])):
        i = min(side // 2 - 1, max(0, int(math.floor((y / cell + 0.5 * side) / 2))))
        j = min(side // 2 - 1, max(0, int(math.floor((x / cell + 0.5 * side) / 2))))
        box[0], box[1] = min(box[0], i), max(box[1], i + 1)
        box[2], box[3] = min(box[2], j), max(box[3], j + 1)
    box[0], box[2] = max(0, box[0] - BORDER), max(0, box[2] - BORDER)
    box[1], box[3] = min(side // 2, box[1] + BORDER), min(side // 2, box[3] + BORDER)
    return box


@njit(cache=True, nogil=True)
def _cost_grid(grid, box, cell, pose, goal, settings, blocked):
    """Cost of each planning cell: 1 and more; `NEVER` where the body does not fit."""
    wide, near_cost, unknown_cost = settings[2], settings[3], settings[4]
    height, width = box[1] - box[0], box[3] - box[2]
    step = 2 * cell
    clear = np.full((height, width), np.float32(wide * wide))
    cost = np.ones((height, width), np.float32)
    reach = int(math.ceil(wide / step))
    side = grid.shape[0]
    for i in range(2 * box[0], 2 * box[1]):
        for j in range(2 * box[2], 2 * box[3]):
            if grid[i, j] & OBSTACLE == 0:
                continue
            inner = 0 < i < side - 1 and 0 < j < side - 1
            if inner and (
                grid[i - 1, j] & grid[i + 1, j] & grid[i, j - 1] & grid[i, j + 1] & OBSTACLE
            ):
                clear[i // 2 - box[0], j // 2 - box[2]] = 0.0
                continue
            ci, cj = i // 2 - box[0], j // 2 - box[2]
            oy, ox = (i + 0.5) * cell, (j + 0.5) * cell
            for a in range(max(0, ci - reach), min(height, ci + reach + 1)):
                dy = (a + box[0] + 0.5) * step - oy
                for b in range(max(0, cj - reach), min(width, cj + reach + 1)):
                    dx = (b + box[2] + 0.5) * step - ox
                    d = np.float32(dx * dx + dy * dy)
                    if d < clear[a, b]:
                        clear[a, b] = d
    half = 0.5 * side * cell
    for a in range(height):
        y = (a + box[0] + 0.5) * step - half
        for b in range(width):
            x = (b + box[2] + 0.5) * step - half
            distance = math.sqrt(clear[a, b])
            if distance < blocked:
                cost[a, b] = NEVER
                at_body = (x - pose[0]) ** 2 + (y - pose[1]) ** 2 < 0.09
                at_goal = (x - goal[0]) ** 2 + (y - goal[1]) ** 2 < 0.04
                if at_body or at_goal:
                    cost[a, b] = 10.0
                continue
            if distance < wide:
                cost[a, b] += near_cost * ((wide - distance) / (wide - blocked)) ** 2
            i, j = 2 * (a + box[0]), 2 * (b + box[2])
            seen = grid[i, j] | grid[i + 1, j] | grid[i, j + 1] | grid[i + 1, j + 1]
            if seen & EXPLORED == 0:
                cost[a, b] += unknown_cost
    return cost


@njit(cache=True, nogil=True)
def _costs_to_go(cost, box, side, cell, pose, goal):
    """Costs to the goal [m] around the body, and at the body; through obstacles if walled in."""
    height, width = cost.shape
    step = 2 * cell
    half = 0.5 * side * cell
    target = _index(pose[0], pose[1], box, half, step, width)
    source = _index(goal[0], goal[1], box, half, step, width)
    value = np.empty((height, width), np.float32)
    for _ in range(2):
        value[:] = NEVER
        value[source // width, source % width] = 0.0
        costs_to_go(cost, value)
        if value[target // width, target % width] < NEVER / 10:
            break
        for a in range(height):
            for b in range(width):
                cost[a, b] = min(cost[a, b], THROUGH)
    for a in range(height):
        for b in range(width):
            value[a, b] = value[a, b] * step if value[a, b] < NEVER / 10 else np.inf
            cost[a, b] = cost[a, b] if cost[a, b] < NEVER / 10 else np.inf
    return value, value[target // width, target % width]


@njit(cache=True, nogil=True)
def _index(x, y, box, half, step, width):
    i = int(math.floor((y + half) / step)) - box[0]
    j = int(math.floor((x + half) / step)) - box[2]
    return i * width + j


@njit(cache=True, nogil=True)
def _obstacles_near(grid, cell, pose, body):
    """(N, 2) centres of obstacle cells within reach of the moves tried."""
    side = grid.shape[0]
    reach = body[1] * (LOOKAHEAD + 2) + body[0] + cell
    n = int(reach / cell)
    ci = int(math.floor(pose[1] / cell + 0.5 * side))
    cj = int(math.floor(pose[0] / cell + 0.5 * side))
    points = np.empty(((2 * n + 1) ** 2, 2))
    count = 0
    for i in range(max(0, ci - n), min(side, ci + n + 1)):
        for j in range(max(0, cj - n), min(side, cj + n + 1)):
            if grid[i, j] & OBSTACLE:
                points[count, 0] = (j + 0.5 - 0.5 * side) * cell
                points[count, 1] = (i + 0.5 - 0.5 * side) * cell
                count += 1
    return points[:count]


@njit(cache=True, nogil=True)
def _free_run(points, x, y, heading, radius, most):
    """How far a disc at (x, y) can drive along a heading before it touches a point [m]."""
    c, s = math.cos(heading), math.sin(heading)
    run = most
    for n in range(len(points)):
        dx, dy = points[n, 0] - x, points[n, 1] - y
        ahead = c * dx + s * dy
        if ahead <= 0.0 or ahead > most + radius:
            continue
        left = c * dy - s * dx
        if abs(left) < radius:
            run = min(run, max(0.0, ahead - math.sqrt(radius * radius - left * left)))
    return run


@njit(cache=True, nogil=True)
def _choose(value, cost, box, side, cell, points, pose, body, settings):
    """Turns towards the first of two legs with the least to go, or moves along it."""
    radius, forward, turn = body[0] + settings[5], body[1], body[2]
    half_turns = int(round(math.pi / turn))
    best, chosen = np.inf, 0
    for k in range(-half_turns + 1, half_turns + 1):
        heading = pose[2] + k * turn
        run = _free_run(points, pose[0], pose[1], heading, radius, LOOKAHEAD * forward)
        spent = abs(k) * settings[6]
        for move in range(1, LOOKAHEAD + 1):
            length = move * forward
            if run < length - 1e-6:
                if move > 1 or run < CONTACT:
                    break
                length = run
                spent += settings[7]
            x = pose[0] + math.cos(heading) * length
            y = pose[1] + math.sin(heading) * length
            spent += _leg_cost(cost, box, side, cell, x, y, heading, min(length, forward))
            if spent >= best:
                break
            there = (x, y, heading)
            left = _second_leg(value, cost, box, side, cell, points, there, body, settings)
            if spent + left < best:
                best, chosen = spent + left, k
    if best == np.inf:
        return LEFT
    if chosen == 0:
        return FORWARD
    return LEFT if chosen > 0 else RIGHT


@njit(cache=True, nogil=True)
def _second_leg(value, cost, box, side, cell, points, pose, body, settings):
    """Least to go from a pose, moving along one of the headings; near the goal, by the plan."""
    radius, forward, turn = body[0] + settings[5], body[1], body[2]
    half_turns = int(round(math.pi / turn))
    here = _at(value, box, side, cell, pose[0], pose[1], np.inf)
    best = here if here < 2 * forward else np.inf
    for k in range(-half_turns + 1, half_turns + 1):
        heading = pose[2] + k * turn
        spent = abs(k) * settings[6]
        c, s = math.cos(heading), math.sin(heading)
        # a leg that leads nowhere better is not worth testing for collisions
        ahead = _at(value, box, side, cell, pose[0] + c * forward, pose[1] + s * forward, np.inf)
        if spent + min(here, ahead) >= best:
            continue
        run = _free_run(points, pose[0], pose[1], heading, radius, 2 * forward)
        for move in range(1, 3):
            length = move * forward
            if run < length - 1e-6:
                if move > 1 or run < CONTACT:
                    break
                length = run
                spent += settings[7]
            x, y = pose[0] + c * length, pose[1] + s * length
            spent += _leg_cost(cost, box, side, cell, x, y, heading, min(length, forward))
            best = min(best, spent + _at(value, box, side, cell, x, y, np.inf))
    return best


@njit(cache=True, nogil=True)
def _leg_cost(cost, box, side, cell, x, y, heading, length):
    """Cost of the last `length` metres of the way to (x, y)."""
    mx, my = x - 0.5 * length * math.cos(heading), y - 0.5 * length * math.sin(heading)
    return length * min(4.0, _at(cost, box, side, cell, mx, my, 4.0))


@njit(cache=True, nogil=True)
def _at(field, box, side, cell, x, y, otherwise):
    """Bilinear look-up at (x, y) among finite cells; `otherwise` where there are none."""
    step = 2 * cell
    half = 0.5 * side * cell
    fy = (y + half) / step - box[0] - 0.5
    fx = (x + half) / step - box[2] - 0.5
    i, j = int(math.floor(fy)), int(math.floor(fx))
    if i < 0 or j < 0 or i >= field.shape[0] - 1 or j >= field.shape[1] - 1:
        return otherwise
    fy -= i
    fx -= j
    total, weight = 0.0, 0.0
    for a in range(2):
        for b in range(2):
            v = field[i + a, j + b]
            w = (fy if a else 1 - fy) * (fx if b else 1 - fx)
            if v < np.inf:
                total += w * v
                weight += w
    if weight < 0.05:
        return otherwise
    return total / weight + (1.0 - weight) * 0.2
