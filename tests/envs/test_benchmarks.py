"""What frozen benchmarks promise."""

import pytest

from navworld.envs.benchmarks import BENCHMARKS, benchmark, detour_share, draw_episodes


@pytest.mark.parametrize("item", BENCHMARKS, ids=lambda b: b.name)
def test_episodes_are_as_many_as_the_protocol_says(item):
    episodes = item.episodes()
    assert len(episodes) == len(item.scenes) * item.per_scene
    assert {e.scene for e in episodes} == set(item.scenes)


@pytest.mark.parametrize("item", BENCHMARKS, ids=lambda b: b.name)
def test_most_episodes_need_a_detour(item):
    episodes = item.episodes()
    assert detour_share(episodes) >= 0.8
    assert all(1.0 <= e.geodesic <= 30.0 for e in episodes)


def test_stored_episodes_are_what_drawing_gives():
    item = benchmark("pointnav-v1")
    stored = item.episodes()[:5]
    drawn = draw_episodes(item.scenes[:1], item.per_scene)
    for a, b in zip(stored, drawn, strict=True):
        assert a.start == pytest.approx(b.start, abs=1e-3)
        assert a.goal == pytest.approx(b.goal, abs=1e-3)
        assert a.geodesic == pytest.approx(b.geodesic, abs=2e-3)


def test_an_unknown_benchmark_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'pointnav-v1'"):
        benchmark("pointnav-v2")
