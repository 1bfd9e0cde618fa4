"""Glyphs: does each factor do to the picture what its name says?"""

import numpy as np
import pytest

from tinygan.data import glyphs, random_factors

SIDE = 32
KINDS = np.arange(10)
MIDDLE = (np.arange(SIDE) + 0.5) / SIDE


def drawn(kind=KINDS, **factors):
    return glyphs(kind, side=SIDE, **factors).reshape(-1, SIDE, SIDE).astype(float)


def centre(images):
    """Return the centre of the ink, right and down, in sides."""
    ink = images.sum(axis=(1, 2))
    return images.sum(axis=1) @ MIDDLE / ink, images.sum(axis=2) @ MIDDLE / ink


def lean(images):
    """Return by how much the ink moves to the right for each step up."""
    x, y = centre(images)
    right, below = MIDDLE - x[:, None], MIDDLE - y[:, None]
    both = np.einsum("nij,ni,nj->n", images, below, right)
    return -both / np.einsum("nij,ni->n", images, below**2)


def height(images):
    return (images.max(axis=2) > 0.5).sum(axis=1) / SIDE


def width(images):
    return (images.max(axis=1) > 0.5).sum(axis=1) / SIDE


def test_rows_are_float32_in_the_unit_interval(rng):
    rows = glyphs(**random_factors(300, rng=rng))
    assert rows.shape == (300, 196)
    assert rows.dtype == np.float32
    assert rows.min() == 0
    assert rows.max() == 1


def test_the_ten_kinds_are_far_apart():
    rows = drawn().reshape(10, -1)
    apart = ((rows[:, None] - rows) ** 2).sum(axis=2)
    assert apart[~np.eye(10, dtype=bool)].min() > 10


def test_a_stroke_is_as_wide_as_its_thickness():
    middle = drawn(1, thickness=np.array([0.05, 0.1, 0.2]))[:, SIDE // 2]  # across the stem of the 1
    np.testing.assert_allclose(middle.sum(axis=1) / SIDE, [0.05, 0.1, 0.2], atol=0.002)


def test_dx_and_dy_move_it_right_and_down():
    moved = drawn(dx=2 / SIDE, dy=-1 / SIDE)
    np.testing.assert_allclose(moved, np.roll(drawn(), (-1, 2), axis=(1, 2)), atol=1e-4)


def test_slant_moves_the_top_to_the_right():
    np.testing.assert_allclose(lean(drawn(slant=0.3)) - lean(drawn()), 0.3, atol=0.05)
    assert (lean(drawn(slant=-0.3)) < lean(drawn())).all()


def test_size_is_the_height_between_the_ends_of_the_pen():
    for size in (0.4, 0.7):
        np.testing.assert_allclose(height(drawn(size=size, thickness=0.05)), size + 0.05, atol=1.5 / SIDE)


def test_aspect_is_width_over_height():
    np.testing.assert_allclose(width(drawn(0, aspect=1.0)) - width(drawn(0, aspect=0.5)), 0.5 * 0.7 * 0.7, atol=0.07)


def test_angle_turns_it_clockwise():
    upright = drawn()
    np.testing.assert_allclose(drawn(angle=np.pi / 2), np.rot90(upright, -1, axes=(1, 2)), atol=1e-4)


def test_ink_scales_the_brightness():
    np.testing.assert_allclose(drawn(ink=0.25), drawn() / 4, rtol=1e-6)


def test_a_glyph_looks_alike_on_any_number_of_pixels():
    fine = glyphs(KINDS, side=64).reshape(10, 32, 2, 32, 2).mean(axis=(2, 4))
    assert np.abs(fine - drawn()).mean() < 0.01


def test_one_call_draws_what_many_calls_draw(rng):
    factors = random_factors(30, rng=rng)
    one_by_one = [glyphs(**{name: factor[i] for name, factor in factors.items()})[0] for i in range(30)]
    np.testing.assert_array_equal(glyphs(**factors), one_by_one)


def test_a_factor_of_one_number_holds_for_all():
    np.testing.assert_array_equal(drawn(slant=0.2), drawn(slant=np.full(10, 0.2)))
    assert len(drawn(3, slant=np.zeros(4))) == 4


def test_a_glyph_of_no_size_is_a_dot():
    assert 0 < drawn(size=0.0).sum() / 10 < 12


def test_random_factors_are_drawn_from_the_seed():
    one, same, other = (random_factors(50, rng=seed) for seed in (0, 0, 1))
    for name in one:
        np.testing.assert_array_equal(one[name], same[name])
        assert (one[name] != other[name]).any()
    assert set(random_factors(500, rng=0)["kind"]) == set(range(10))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"kind": 10}, ValueError, "glyphs got kind from 10 to 10; it takes 0 to 9"),
        ({"kind": 1.0}, TypeError, "glyphs got kind of dtype float64; it takes ints from 0 to 9"),
        ({"kind": KINDS, "slant": np.zeros(3)}, ValueError, r"glyphs got slant of shape \(3,\); it takes a number or"),
        ({"kind": KINDS[:, None]}, ValueError, r"glyphs got kind of shape \(10, 1\)"),
        ({"kind": 1, "dx": np.nan}, ValueError, "glyphs got dx=nan; it takes finite numbers"),
        ({"kind": 1, "ink": "much"}, ValueError, "glyphs got ink='much'; it takes finite numbers"),
        ({"kind": 1, "side": 0}, ValueError, "glyphs got side=0; it takes an int >= 1"),
    ],
)
def test_wrong_factors_are_named(arguments, error, words):
    with pytest.raises(error, match=words):
        glyphs(**arguments)
