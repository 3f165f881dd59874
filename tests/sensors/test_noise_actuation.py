"""Motion noise: what the models do to a command, and what they are called."""

import re

import numpy as np
import pytest

from navworld.sensors.noise import (
    ACTUATION_PRESETS,
    PYROBOT,
    ActionMixtures,
    GaussianActuation,
    Mixture,
    MixtureActuation,
    MotionErrors,
    TruncatedActuation,
    actuation,
    actuation_model,
    actuation_preset,
)
from navworld.streams import Streams

MANY = 20_000
IDS = np.arange(MANY)
STEP, TURN = 0.25, np.radians(30)
FORWARD, BACKWARD = (STEP, 0.0, 0.0), (-STEP, 0.0, 0.0)
LEFT, RIGHT = (0.0, 0.0, TURN), (0.0, 0.0, -TURN)


def moved(model, command, seed=0):
    streams = Streams(MANY)
    streams.seeds[:] = np.arange(MANY) + seed
    return model.disturb(np.tile(command, (MANY, 1)), IDS, streams)


@pytest.mark.parametrize("name", ACTUATION_PRESETS)
def test_what_is_not_commanded_is_not_moved(name):
    assert not moved(actuation_preset(name), (0.0, 0.0, 0.0)).any()


@pytest.mark.parametrize("name", PYROBOT)
@pytest.mark.parametrize("multiplier", [0.5, 1.0, 3.0])
def test_at_least_five_percent_of_a_command_is_made(name, multiplier):
    model = actuation_preset(name, multiplier=multiplier)
    for metres in (0.01, STEP):
        assert moved(model, (metres, 0, 0))[:, 0].min() >= 0.05 * metres - 1e-12
        assert moved(model, (-metres, 0, 0))[:, 0].max() <= -0.05 * metres + 1e-12
    for angle in (0.02, TURN):
        assert moved(model, (0, 0, angle))[:, 2].min() >= 0.05 * angle - 1e-12
        assert moved(model, (0, 0, -angle))[:, 2].max() <= -0.05 * angle + 1e-12


def test_errors_end_at_three_sigma_of_the_root_of_the_published_variance():
    error = moved(actuation_preset("locobot-proportional"), FORWARD) - FORWARD
    for axis, sign, mean, variance in ((1, -1, 0.042, 0.023), (2, 1, 0.031, 0.026)):
        sigma = np.sqrt(variance)
        far = np.abs(sign * error[:, axis] - mean) / sigma
        assert 2.9 < far.max() <= 3 + 1e-9
        assert (sign * error[:, axis]).mean() == pytest.approx(mean, abs=4 * sigma / MANY**0.5)
    assert (np.abs(error[:, 0] - 0.017) <= 3 * np.sqrt(0.007)).all()


def test_the_floor_cuts_and_piles_nothing_up():
    along = moved(actuation_preset("locobot-lite-movebase"), FORWARD)[:, 0]
    assert len(np.unique(along)) == MANY
    assert np.mean(along < 0.05 * STEP + 0.01) < 0.05


def test_a_right_turn_mirrors_the_heading_of_a_left_turn_only():
    left, right = (moved(actuation_preset("locobot-ilqr"), c) for c in (LEFT, RIGHT))
    assert right[:, 2] == pytest.approx(-left[:, 2])
    assert right[:, :2] == pytest.approx(left[:, :2])


def test_backwards_is_forwards_about_face():
    ahead, back = (moved(actuation_preset("locobot-ilqr"), c) for c in (FORWARD, BACKWARD))
    assert back[:, :2] == pytest.approx(-ahead[:, :2])
    assert back[:, 2] == pytest.approx(ahead[:, 2])


def test_a_sideways_command_errs_along_itself():
    ahead, side = (moved(actuation_preset("locobot-ilqr"), c) for c in (FORWARD, (0, STEP, 0)))
    assert side[:, 1] == pytest.approx(ahead[:, 0])
    assert side[:, 0] == pytest.approx(-ahead[:, 1])


def test_an_arc_takes_the_position_error_of_a_drive_and_the_heading_error_of_a_turn():
    model = actuation_preset("locobot-proportional")
    arc = moved(model, (STEP, 0.0, TURN))
    assert arc[:, :2] == pytest.approx(moved(model, FORWARD)[:, :2])
    assert arc[:, 2] == pytest.approx(moved(model, LEFT)[:, 2])


def test_the_multiplier_scales_errors_after_they_are_drawn():
    whole = moved(actuation_preset("locobot-proportional"), FORWARD) - FORWARD
    half = moved(actuation_preset("habitat-challenge"), FORWARD) - FORWARD
    assert half == pytest.approx(0.5 * whole)
    assert moved(actuation_preset("locobot-ilqr", multiplier=0), LEFT) == pytest.approx(
        np.tile(LEFT, (MANY, 1))
    )


def test_the_manual_page_prints_the_table_in_use():
    rows = re.findall(r"^\| ([\w-]*) ?\| (drive|turn) \|(.*)\|$", actuation.__doc__, re.M)
    names = [name for name, of, _ in rows if of == "drive"]
    assert names == list(PYROBOT)
    for k, (_, of, cells) in enumerate(rows):
        errors = PYROBOT[names[k // 2]][of == "turn"]
        pairs = [tuple(map(float, cell.split("/"))) for cell in cells.split("|")]
        assert pairs == list(zip(errors.mean, errors.variance, strict=True))


@pytest.mark.parametrize(
    ("name", "multiplier", "called"),
    [
        ("locobot-ilqr", 1.0, "locobot-ilqr"),
        ("locobot-ilqr*0.5", 1.0, "locobot-ilqr*0.5"),
        ("locobot-ilqr*0.5", 0.5, "locobot-ilqr*0.25"),
        ("habitat-challenge", 1.0, "locobot-proportional*0.5"),
        ("ans-form-own-values", 2.0, "ans-form-own-values*2"),
    ],
)
def test_a_model_says_which_preset_it_is_and_the_name_makes_it_again(name, multiplier, called):
    model = actuation_preset(name, multiplier=multiplier)
    assert model.name == called
    assert actuation_preset(called) == model


def test_an_environment_takes_a_name_a_model_or_none():
    model = GaussianActuation(forward_std=0.1)
    assert actuation_model(model) is model
    assert actuation_model(None) is None
    assert actuation_model("locobot-ilqr") == actuation_preset("locobot-ilqr")
    with pytest.raises(TypeError, match="expected the name of a preset"):
        actuation_model(3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: actuation_preset("locobt-ilqr"), "did you mean 'locobot-ilqr'"),
        (lambda: actuation_preset("locobot-ilqr*much"), "expected a number"),
        (lambda: actuation_preset("locobot-ilqr", multiplier=-1), "zero or positive"),
        (lambda: actuation_preset("ans-form-own-values", multiplier=-1), "zero or positive"),
        (lambda: GaussianActuation(turn_std=-0.1), "turn_std"),
        (lambda: MotionErrors((0, 0, 0), (0, -1, 0)), "not be negative"),
        (lambda: Mixture((0.5, 0.4), ((0, 0, 0),) * 2, (np.eye(3),) * 2), "sum to 1"),
        (lambda: Mixture((1.0,), ((0, 0),), (np.eye(3),)), "means"),
        (lambda: Mixture((1.0,), ((0, 0, 0),), (-np.eye(3),)), "negative eigenvalues"),
    ],
)
def test_impossible_noise_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_mixture_draws_from_its_components_in_their_shares():
    spot = tuple(map(tuple, 1e-12 * np.eye(3)))
    mixture = Mixture((0.25, 0.75), ((1, 0, 0), (0, 0, 2)), (spot, spot))
    none = Mixture((1.0,), ((0, 0, 0),), (spot,))
    model = MixtureActuation(ActionMixtures("test", mixture, none, none))
    error = moved(model, FORWARD) - FORWARD
    first = error[:, 0] > 0.5
    assert first.mean() == pytest.approx(0.25, abs=0.015)
    assert error[first] == pytest.approx(np.tile([1, 0, 0], (first.sum(), 1)), abs=1e-4)
    assert error[~first] == pytest.approx(np.tile([0, 0, 2], ((~first).sum(), 1)), abs=1e-4)
    assert moved(model, LEFT) == pytest.approx(np.tile(LEFT, (MANY, 1)), abs=1e-4)


def test_a_mixture_keeps_its_correlation():
    error = moved(actuation_preset("ans-form-own-values"), FORWARD)
    assert np.corrcoef(error[:, 1], error[:, 2])[0, 1] > 0.3


def test_every_environment_draws_its_own_errors_whatever_the_batch():
    model = actuation_preset("locobot-ilqr")
    streams = Streams(4)
    streams.seeds[:] = [5, 6, 7, 8]
    batch = model.disturb(np.tile(FORWARD, (4, 1)), np.arange(4), streams)
    alone = model.disturb(np.array([FORWARD]), np.array([2]), streams)
    assert np.array_equal(batch[2:3], alone)
    assert len(np.unique(batch[:, 0])) == 4


def test_presets_are_frozen_and_compare_by_value():
    model = actuation_preset("locobot-ilqr")
    assert isinstance(model, TruncatedActuation)
    with pytest.raises(AttributeError):
        model.multiplier = 2.0
