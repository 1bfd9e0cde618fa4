"""Figures 2 and 3, read back from the files: every tile where it belongs."""

import base64
import errno
import io
import os
import re

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from tinygan.figures.mosaic import fit, mosaic, to_pixels
from tinygan.figures.output import PICTURES
from tinygan.figures.samples import draw_interpolation, draw_samples
from tinygan.figures.style import BLUE, VERMILION

FRAME, ENDS = (tuple(round(255 * share) for share in to_rgb(color)) for color in (VERMILION, BLUE))
# Six lines of eight steps; the pixels of each image tell which it is, and which way up.
LINES = np.random.default_rng(0).uniform(size=(6, 8, 4, 5))


def read(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def tile(image, scale):
    return to_pixels("test", image[None])[0].repeat(scale, axis=0).repeat(scale, axis=1)


def places(picture, image, scale):
    """Return where in the picture an image stands, enlarged, as (top, left) pairs."""
    wanted = tile(image, scale)
    height, width, _ = wanted.shape
    is_corner = (picture == wanted[0, 0]).all(axis=-1)
    is_corner[1:] &= ~is_corner[:-1]
    is_corner[:, 1:] &= ~is_corner[:, :-1]
    corners = np.argwhere(is_corner).tolist()
    return [(y, x) for y, x in corners if np.array_equal(picture[y : y + height, x : x + width], wanted)]


def place(picture, image, scale):
    """Return the first corner of the one place where an image stands."""
    (found,) = places(picture, image, scale)
    return found


def test_a_plain_grid_is_the_tiles_and_nothing_else(tmp_path):
    images = LINES.reshape(-1, 4, 5)[:7]
    draw_samples(images, tmp_path / "grid.png", n_columns=3)
    scale, gap = fit(3, 3, (4, 5, 3))
    picture = read(tmp_path / "grid.png")
    assert picture.shape == (3 * 4 * scale + 2 * gap, 3 * 5 * scale + 2 * gap, 3)
    assert 0 < gap < 0.05 * 5 * scale
    for i, image in enumerate(images):
        assert place(picture, image, scale) == (i // 3 * (4 * scale + gap), i % 3 * (5 * scale + gap))
    assert (picture[-4 * scale :, 5 * scale :] == 255).all()  # where there is no eighth


@pytest.mark.parametrize(("n", "n_columns"), [(1, 1), (4, 2), (5, 3), (100, 10)])
def test_a_grid_is_square_unless_told(n, n_columns, tmp_path):
    draw_samples(np.zeros((n, 8, 8)), tmp_path / "grid.png")
    scale, gap = fit(-(-n // n_columns), n_columns, (8, 8, 3))
    assert read(tmp_path / "grid.png").shape[1] == n_columns * (8 * scale + gap) - gap


def test_neighbours_stand_framed_beside_the_last_sample_of_their_row(tmp_path):
    samples, neighbours = LINES[:, :7], LINES[:, 7]
    draw_samples(samples.reshape(-1, 4, 5), tmp_path / "f.png", neighbours=neighbours)
    scale, gap = fit(6, 8, (4, 5, 3))
    picture = read(tmp_path / "f.png")
    for row in range(6):
        tops, lefts = zip(*(place(picture, image, scale) for image in [*samples[row], neighbours[row]]), strict=True)
        assert len(set(tops)) == 1
        assert set(np.diff(lefts[:7])) == {5 * scale + gap}
        assert lefts[7] > lefts[6] + 5 * scale + 2 * gap
        top, left = tops[0], lefts[7]
        around = picture[top - gap : top + 4 * scale + gap, left - 2 * gap : left + 5 * scale + 2 * gap].copy()
        around[gap:-gap, 2 * gap : -2 * gap] = FRAME
        assert (around == FRAME).all()
    is_frame = (picture == FRAME).all(axis=-1)
    assert not is_frame[tops[0] :, : lefts[7] - 2 * gap].any()


def test_an_interpolation_is_a_line_a_row_with_its_ends_marked(tmp_path):
    draw_interpolation(LINES, tmp_path / "f.png")
    scale, gap = fit(6, 8, (4, 5, 3))
    picture = read(tmp_path / "f.png")
    corners = np.array([[place(picture, image, scale) for image in line] for line in LINES])
    assert (np.diff(corners[..., 0], axis=1) == 0).all()
    assert (np.diff(corners[..., 0], axis=0) == 4 * scale + gap).all()
    assert (np.diff(corners[..., 1], axis=0) == 0).all()
    assert (np.diff(corners[..., 1], axis=1) > 5 * scale).all()
    middle = corners[0, 0, 0] + 2 * scale
    is_marked = [tuple(picture[middle, left - 1]) == ENDS for left in corners[0, :, 1]]
    assert is_marked == [True, *[False] * 6, True]


@pytest.mark.parametrize("n_steps", [2, 3])
def test_short_lines_have_ends_too(n_steps, tmp_path):
    draw_interpolation(LINES[:, :n_steps], tmp_path / "f.png")
    scale, _ = fit(6, n_steps, (4, 5, 3))
    assert all(places(read(tmp_path / "f.png"), image, scale) for image in LINES[:, :n_steps].reshape(-1, 4, 5))


def test_an_animation_goes_forth_and_back(tmp_path):
    steps = np.linspace(0, 1, 5)[None, :, None, None]
    lines = np.concatenate([steps, 1 - steps, 0 * steps + 0.2]) * np.ones((1, 1, 4, 4))
    draw_interpolation(lines, tmp_path / "f.gif")
    shades, durations = [], []
    with Image.open(tmp_path / "f.gif") as image:
        assert image.info["loop"] == 0
        width, height = image.size
        for i in range(image.n_frames):
            image.seek(i)
            frame = np.asarray(image.convert("L")).astype(int)
            shades.append([frame[height // 4, width // 4], frame[height // 4, -width // 4], frame[-height // 4, 9]])
            durations.append(image.info["duration"])
    assert min(width, height) > 500
    assert set(durations) == {80}
    expected = np.rint(255 * np.array([0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25]))
    np.testing.assert_allclose(shades, np.stack([expected, 255 - expected, 0 * expected + 51], axis=1), atol=6)


def test_an_animation_has_room_for_a_title(tmp_path):
    for name, title in (("one", None), ("two", "Lines")):
        draw_interpolation(LINES, tmp_path / f"{name}.gif", title=title)
    one, two = (read(tmp_path / f"{name}.gif") for name in ("one", "two"))
    margin = (two.shape[1] - one.shape[1]) // 2
    top = two.shape[0] - one.shape[0] - margin
    np.testing.assert_allclose(two[top:-margin, margin:-margin].astype(int), one.astype(int), atol=12)
    assert (two[:top] < 128).any()


def test_values_are_clipped_and_bytes_taken_as_they_are():
    pixels = to_pixels("test", np.array([[[-3.0, 0.0, 0.5, 1.0, 9.0]]]))
    np.testing.assert_array_equal(pixels[0, 0, :, 0], [0, 0, 128, 255, 255])
    colors = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    assert to_pixels("test", colors) is colors
    np.testing.assert_array_equal(to_pixels("test", colors / np.float32(255)), colors)
    np.testing.assert_array_equal(to_pixels("test", colors[..., 0])[..., 2], colors[..., 0])


def test_colours_stay(tmp_path):
    images = np.zeros((1, 4, 4, 3))
    images[..., 0], images[..., 1] = 1, 0.2
    draw_samples(images, tmp_path / "f.png")
    assert (read(tmp_path / "f.png") == (255, 51, 0)).all()


def test_a_mosaic_has_a_border_of_its_color():
    sheet = mosaic(np.zeros((2, 1, 1, 3), np.uint8), 1, scale=1, gap=1, border=1, color=(7, 8, 9))
    np.testing.assert_array_equal(sheet[..., 2], [[9, 9, 9], [9, 0, 9], [9, 9, 9], [9, 0, 9], [9, 9, 9]])


def test_pixels_of_an_svg_stay_squares(tmp_path):
    draw_samples(LINES[:, 0], tmp_path / "f.svg", n_columns=3)
    (embedded,) = re.findall(r"data:image/png;base64,([^\"]+)\"", (tmp_path / "f.svg").read_text())
    picture = read(io.BytesIO(base64.b64decode(embedded)))[::-1]  # the y axis of an SVG points down
    scale, _ = fit(2, 3, (4, 5, 3))
    assert all(places(picture, image, scale) for image in LINES[:, 0])


@pytest.mark.slow
@pytest.mark.parametrize("suffix", PICTURES)
def test_same_arrays_give_the_same_bytes(suffix, tmp_path):
    for name, settings in (("one", {}), ("two", {"font.size": 30, "image.cmap": "jet", "savefig.bbox": "tight"})):
        with matplotlib.rc_context(settings):
            draw_samples(LINES[:, 0], tmp_path / f"{name}{suffix}", neighbours=LINES[:3, 1], title="title")
            draw_interpolation(LINES, tmp_path / f"{name}-lines{suffix}", title="title")
            draw_interpolation(LINES, tmp_path / f"{name}.gif", title="title")
    for end in (suffix, f"-lines{suffix}", ".gif"):
        assert (tmp_path / f"one{end}").read_bytes() == (tmp_path / f"two{end}").read_bytes()


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".gif"])
def test_full_disk_leaves_the_old_file(suffix, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / f"f{suffix}").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        draw_interpolation(LINES, tmp_path / f"f{suffix}")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(f"f{suffix}", "old")]


BAD = np.full((4, 4, 4), np.nan)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f: draw_samples(np.zeros((3, 784)), f("f.png")), ValueError, r"images of shape \(3, 784\); it takes"),
        (lambda f: draw_samples(np.zeros((3, 4, 4, 1)), f("f.png")), ValueError, r"\(3, 4, 4, 1\); it takes"),
        (lambda f: draw_samples(np.zeros((0, 4, 4)), f("f.png")), ValueError, r"\(0, 4, 4\); it takes .*, not empty"),
        (lambda f: draw_samples(BAD, f("f.png")), ValueError, "images with NaN or infinity"),
        (lambda f: draw_samples(np.zeros((3, 4, 4), int), f("f.png")), TypeError, "dtype int64; it takes floats"),
        (lambda f: draw_samples([1], f("f.png")), TypeError, "images of type list; it takes an array"),
        (lambda f: draw_samples(LINES[0], f("f.png"), n_columns=0), ValueError, "n_columns=0; it takes an int >= 1"),
        (lambda f: draw_samples(LINES[0], f("f.png"), neighbours=BAD), ValueError, "neighbours with NaN"),
        (
            lambda f: draw_samples(LINES[0], f("f.png"), neighbours=LINES[0, :3]),
            ValueError,
            r"neighbours of shape \(3, 4, 5\) for images of shape \(8, 4, 5\) in 2 columns; it takes one neighbour",
        ),
        (lambda f: draw_samples(LINES[0], f("f.png"), n_columns=3, neighbours=LINES[0, :4]), ValueError, "in 3 col"),
        (lambda f: draw_samples(LINES[0], f("f.png"), neighbours=LINES[0, :2, :3]), ValueError, "of the same size"),
        (lambda f: draw_samples(LINES[0], f("f.gif")), ValueError, r"ends in \.gif; it takes \.png, \.svg or \.pdf"),
        (lambda f: draw_interpolation(LINES[0], f("f.png")), ValueError, r"it takes \(n_lines, n_steps, height"),
        (lambda f: draw_interpolation(LINES[:, :1], f("f.gif")), ValueError, "at least 2 steps a line"),
        (
            lambda f: draw_interpolation(LINES, f("f.mp4")),
            ValueError,
            r"f\.mp4 ends in \.mp4; it takes \.gif \(the animation\), \.png, \.svg or \.pdf \(the rows\)",
        ),
        (lambda f: draw_interpolation(LINES, f("f.html")), ValueError, r"it takes \.gif"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(call, error, message, tmp_path):
    with pytest.raises(error, match=message):
        call(lambda name: tmp_path / name)
    assert not list(tmp_path.iterdir())
