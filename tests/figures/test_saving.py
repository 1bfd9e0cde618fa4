"""The files: every format is valid, the same for the same frames, and written whole or not at all."""

import errno
import os
import re
import shutil
import xml.etree.ElementTree as ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image
from support.frames import FRAMES, PANELS

from tinygan.figures.figure1 import Figure1Plot
from tinygan.figures.output import ANIMATIONS, PICTURES, is_animation
from tinygan.figures.saving import draw_panels, save_animation
from tinygan.figures.style import palette

needs_sh = pytest.mark.skipif(os.name != "posix", reason="stands in for ffmpeg with a shell script")


def write(path, frames, panels):
    if is_animation(path):
        assert list(save_animation(frames, path)) == list(range(1, len(frames) + 1))
    else:
        draw_panels(panels, path)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [suffix for suffix in ANIMATIONS + PICTURES if suffix != ".mp4"])
def test_same_frames_give_the_same_bytes(suffix, tmp_path):
    for name in ("one", "two"):
        write(tmp_path / f"{name}{suffix}", FRAMES, PANELS)
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["one", "two"]


def test_gif_has_every_frame_and_holds_the_last(tmp_path):
    list(save_animation(FRAMES, tmp_path / "f.gif"))
    with Image.open(tmp_path / "f.gif") as image:
        assert image.size == (900, 750)
        assert image.info["loop"] == 0
        durations, shots = [], []
        for i in range(image.n_frames):
            image.seek(i)
            durations.append(image.info["duration"])
            shots.append(np.asarray(image.convert("RGB")))
    assert durations == [100, 100, 100, 2000]
    assert all((shots[0][0, 0] == 255).all() and (shot != shots[0]).any() for shot in shots[1:])


def test_frames_drawn_piecewise_look_like_whole_ones(tmp_path):
    list(save_animation(FRAMES, tmp_path / "f.gif"))
    with Image.open(tmp_path / "f.gif") as image:
        image.seek(2)
        piecewise = np.asarray(image.convert("RGB")).astype(int)
    plot = Figure1Plot(FRAMES)
    plot.draw(FRAMES[:3])
    canvas = FigureCanvasAgg(plot.figure)
    canvas.draw()
    whole = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
    # Apart from shades, and from which of two crossing lines is on top.
    assert (np.abs(piecewise - whole).max(axis=-1) > 60).mean() < 1e-3


def test_html_is_self_contained(tmp_path):
    list(save_animation(FRAMES, tmp_path / "f.html"))
    page = (tmp_path / "f.html").read_text(encoding="utf-8")
    assert not re.search(r"https?://|//[a-z]+\.|@import|url\(", page.replace("http-equiv", ""))
    images = re.findall(r'<img alt="([^"]+)" decoding="sync"( hidden)? src="data:image/png;base64,([^"]+)">', page)
    assert [words for words, _, _ in images] == ["iteration 0", "iteration 100", "iteration 200", "iteration 300"]
    assert [bool(hidden) for _, hidden, _ in images] == [True, True, True, False]  # without JavaScript: the last
    assert len(set(images)) == page.count("<img") == 4
    assert all(f'aria-label="{name}"' in page for name in ("Play", "One frame back", "One frame forward", "Frame"))
    assert "{{" not in page


@pytest.mark.parametrize("suffix", PICTURES)
def test_panels_are_valid_files(suffix, tmp_path):
    path = tmp_path / f"panels{suffix.upper()}"
    draw_panels(PANELS, path)
    content = path.read_bytes()
    if suffix == ".png":
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert image.width > 2 * image.height
        assert len(content) < 150_000
    elif suffix == ".svg":
        assert ElementTree.fromstring(content).tag == "{http://www.w3.org/2000/svg}svg"
        assert b"date>" not in content
    else:
        assert content.startswith(b"%PDF")
        assert content.rstrip().endswith(b"%%EOF")
        assert b"CreationDate" not in content


def test_palette_is_small_and_holds_every_ink():
    colors = {tuple(palette()[i : i + 3]) for i in range(0, len(palette()), 3)}
    assert len(colors) < 128
    assert {(255, 255, 255), (0, 0, 0), (0, 158, 115), (0, 114, 178), (213, 94, 0)} <= colors


def fake_ffmpeg(folder, script):
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(folder)


@needs_sh
def test_mp4_sends_every_frame_to_ffmpeg(tmp_path, monkeypatch):
    keeps_pixels = 'echo "$@" > "${0%/*}/said"; for out; do :; done; cat > "$out"'
    monkeypatch.setenv("PATH", fake_ffmpeg(tmp_path, keeps_pixels), prepend=os.pathsep)
    write(tmp_path / "f.mp4", FRAMES, None)
    assert (tmp_path / "f.mp4").stat().st_size == 4 * 900 * 750 * 4
    said = (tmp_path / "said").read_text()
    assert "900x750" in said
    assert "stop_duration=1.9" in said


@needs_sh
@pytest.mark.parametrize(
    "script", ["echo no such encoder >&2; exit 1", "cat > /dev/null; echo no such encoder >&2; exit 1"]
)
def test_mp4_says_why_ffmpeg_failed(script, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", fake_ffmpeg(tmp_path, script), prepend=os.pathsep)
    (tmp_path / "f.mp4").write_text("old")
    with pytest.raises(OSError, match="ffmpeg could not write the animation: no such encoder"):
        list(save_animation(FRAMES, tmp_path / "f.mp4"))
    assert (tmp_path / "f.mp4").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.mp4", "ffmpeg"]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
def test_mp4_is_a_film(tmp_path):
    write(tmp_path / "f.mp4", FRAMES, None)
    assert (tmp_path / "f.mp4").read_bytes()[4:8] == b"ftyp"


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [suffix for suffix in ANIMATIONS + PICTURES if suffix != ".mp4"])
def test_full_disk_leaves_the_old_file(suffix, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / f"figure1{suffix}"
    path.write_text("old")
    for owner, name in ((os, "fsync"), (Image.Image, "save"), (matplotlib.figure.Figure, "savefig")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, full)
            if owner is os or (name == "savefig") == (suffix in (".svg", ".pdf")):
                with pytest.raises(OSError, match="No space left"):
                    write(path, FRAMES[:2], PANELS)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(path.name, "old")]


@pytest.mark.parametrize("suffix", [".gif", ".html", pytest.param(".mp4", marks=needs_sh)])
def test_stopping_half_way_leaves_the_old_file(suffix, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", fake_ffmpeg(tmp_path / "bin", "cat > /dev/null"), prepend=os.pathsep)
    path = tmp_path / f"figure1{suffix}"
    path.write_text("old")
    animation = save_animation(FRAMES, path)
    next(animation)
    animation.close()
    assert path.read_text() == "old"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bin", path.name]


def test_savers_refuse_each_others_files_at_once(tmp_path):
    with pytest.raises(ValueError, match=r"f\.png ends in \.png; it takes \.gif, \.mp4 or \.html \(an animation\)"):
        save_animation(FRAMES, tmp_path / "f.png")
    with pytest.raises(ValueError, match=r"f\.gif ends in \.gif; it takes \.png, \.svg or \.pdf \(a picture\)"):
        draw_panels(PANELS, tmp_path / "f.gif")
    with pytest.raises(ValueError, match="got no frames; it takes at least one"):
        save_animation([], tmp_path / "f.gif")
    assert not list(tmp_path.iterdir())
