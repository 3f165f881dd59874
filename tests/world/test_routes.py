"""Ways that bodies roam on: one after the other, and out of every corner."""

from itertools import islice, pairwise

import numpy as np
import pytest

from navworld.scenes import scene_refs
from navworld.world import routes
from navworld.world.store import shared_store


@pytest.fixture(scope="module")
def navigator():
    return shared_store().get(scene_refs("apartment:10003")[0]).navigator(0.18)


@pytest.fixture
def stuck(monkeypatch):
    """Numbers of the calls that find no way."""
    calls, numbers, honest = [], set(), routes._leg

    def leg(*given):
        calls.append(given)
        return None if len(calls) in numbers else honest(*given)

    monkeypatch.setattr(routes, "_leg", leg)
    return numbers


def legs(navigator, count):
    return list(islice(routes._legs(navigator, np.random.default_rng(0)), count))


def test_a_body_that_finds_no_way_on_goes_back_the_way_it_came(navigator, stuck):
    whole = legs(navigator, 3)
    stuck.add(3 + 3)  # the third way of the second walk
    found = legs(navigator, 5)
    assert all(np.array_equal(a, b) for a, b in zip(found[:2], whole, strict=False))
    assert np.array_equal(found[2], found[1][::-1])
    for before, after in pairwise(found):
        assert np.allclose(before[-1], after[0], atol=1e-6)
    assert min(navigator.clearance(leg).min() for leg in found) >= navigator.radius


@pytest.mark.parametrize("numbers", [{1}, {3, 4}], ids=["from the start", "nor from there"])
def test_where_nothing_leads_anywhere_it_says_so(navigator, stuck, numbers):
    stuck |= numbers
    with pytest.raises(ValueError, match=r"no way leads on .* take a smaller carrier"):
        legs(navigator, 5)


def test_a_walk_without_corners_is_what_it_was(navigator):
    """A walk is one of the same draws, however many ways are asked for."""
    assert all(map(np.array_equal, legs(navigator, 2), legs(navigator, 4)))
