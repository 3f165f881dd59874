"""What an agent is told of the conditions that it is evaluated under."""

import pytest

from navworld.agents.catalog import build_agent
from navworld.agents.evaluate import suited

CLEAN = {}
DEPTH = {"image_noise": {"depth": "redwood"}}
COLOUR = {"image_noise": {"rgb": "gaussian-0.1"}}
MOTION = {"actuation": "habitat-challenge"}


@pytest.mark.parametrize(
    ("conditions", "forgets", "trusts_short_moves"),
    [
        (CLEAN, False, True),
        (COLOUR, False, True),
        (DEPTH, True, True),
        (MOTION, True, False),
        ({**MOTION, **DEPTH}, True, False),
    ],
)
def test_maps_forget_where_anything_errs(conditions, forgets, trusts_short_moves):
    agent = build_agent("planner")
    (before,) = agent.mappers
    (mapper,) = suited(agent, conditions).mappers
    assert (mapper.persistence > 0) == forgets
    assert (mapper.contact == before.contact) == trusts_short_moves
    assert before.persistence == 0  # the agent itself stays as it was
