"""Write the animation and the panels of Figure 1 to files; the same frames give the same bytes."""

import io
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.animation import FFMpegWriter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tinygan.figures.figure1 import Figure1Plot, panels_figure
from tinygan.figures.frame import Frame
from tinygan.figures.output import MOVING, STILL, check_output
from tinygan.figures.player import player
from tinygan.figures.still import write_figure
from tinygan.figures.style import palette, picture_style
from tinygan.files import whole_file

FRAMES_PER_SECOND = 10
HOLD_SECONDS = 2  # how long the last frame stays


def save_animation(frames: Sequence[Frame], path: str | Path) -> Iterator[int]:
    """Write the animation to a .gif, .mp4 or .html file, and yield after every frame.

    The file appears, whole, only when the iterator has come to its end.

    Parameters
    ----------
    frames : sequence of Frame
        At least one.
    path : str or Path
        The file to write. A .gif loops. An .mp4 needs ffmpeg. An .html plays in any browser, also step by step, and
        needs no network.

    Yields
    ------
    int
        The number of frames that are done.

    Raises
    ------
    ValueError
        At once, if there is no frame or the suffix is another one.
    OSError
        At once or later, if the file cannot be written; its old contents are then untouched.

    Examples
    --------
    >>> import tempfile
    >>> x, z = np.linspace(0, 1, 11), np.linspace(-1, 1, 5)
    >>> frame = Frame(1, x, 1 + 0 * x, 2 * x, 0 * x + 0.5, 1 / (1 + 2 * x), z, z**2, -1.4, -1.3, 0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     list(save_animation([frame], Path(folder, "one.html")))
    [1]
    """
    path = check_output(path, MOVING)
    if not frames:
        raise ValueError("save_animation got no frames; it takes at least one")
    return _save_animation(frames, path)


def draw_panels(panels: Sequence[tuple[str, Frame]], path: str | Path) -> None:
    """Draw panels side by side, as the paper prints Figure 1, to a .png, .svg or .pdf file.

    A .png also holds the captions as text, in its Description.

    Parameters
    ----------
    panels : sequence of (str, Frame)
        See `panels_figure`.
    path : str or Path
        The file to write.

    Raises
    ------
    ValueError
        If there is no panel or the suffix is another one.
    OSError
        If the file cannot be written; its old contents are then untouched.

    Examples
    --------
    >>> import tempfile
    >>> x, z = np.linspace(0, 1, 11), np.linspace(-1, 1, 5)
    >>> frame = Frame(1, x, 1 + 0 * x, 2 * x, 0 * x + 0.5, 1 / (1 + 2 * x), z, z**2, -1.4, -1.3, 0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_panels([("(a) p_g rises", frame)], Path(folder, "panel.svg"))
    """
    path = check_output(path, STILL)
    figure = panels_figure(panels)
    if path.suffix.lower() != ".png":
        write_figure(figure, path)
        return
    with picture_style(), whole_file(path) as temporary:
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        text = PngInfo()
        text.add_itxt("Description", "\n\n".join(caption for caption, _ in panels))
        _few_colors(canvas).save(temporary, "PNG", optimize=True, pnginfo=text)


def _save_animation(frames: Sequence[Frame], path: Path) -> Iterator[int]:
    write = {".gif": _write_gif, ".mp4": _write_mp4, ".html": _write_html}[path.suffix.lower()]
    plot = Figure1Plot(frames)
    with whole_file(path) as temporary:
        yield from write(plot, frames, temporary)


def _render(plot: Figure1Plot, frames: Sequence[Frame]) -> Iterator[Image.Image]:
    """Draw what stands still once, and only what moves for every frame, which is four times as fast."""
    canvas: Any = FigureCanvasAgg(plot.figure)  # without types in matplotlib
    for artist in plot.moving:
        artist.set_animated(True)  # left out by canvas.draw
    with picture_style():
        canvas.draw()
    still = canvas.copy_from_bbox(plot.figure.bbox)
    for n in range(1, len(frames) + 1):
        canvas.restore_region(still)
        with picture_style():
            plot.draw(frames[:n])
            for artist in plot.moving:
                artist.draw(canvas.get_renderer())
        yield _few_colors(canvas)


def _few_colors(canvas: Any) -> Image.Image:
    """Return what was drawn as an image in the colours of our palette, with a third of the bytes of full colour."""
    table = Image.new("P", (1, 1))
    table.putpalette(palette())
    return (
        Image.fromarray(np.asarray(canvas.buffer_rgba()))
        .convert("RGB")
        .quantize(palette=table, dither=Image.Dither.NONE)
    )


def _write_gif(plot: Figure1Plot, frames: Sequence[Frame], path: Path) -> Iterator[int]:
    images = []
    for n, image in enumerate(_render(plot, frames), 1):
        images.append(image)
        yield n
    duration = [1000 // FRAMES_PER_SECOND] * len(images)
    duration[-1] = 1000 * HOLD_SECONDS
    images[0].save(path, "GIF", save_all=True, append_images=images[1:], duration=duration, loop=0, optimize=True)


def _write_html(plot: Figure1Plot, frames: Sequence[Frame], path: Path) -> Iterator[int]:
    pictures = []
    for n, image in enumerate(_render(plot, frames), 1):
        png = io.BytesIO()
        image.save(png, "PNG")
        pictures.append((plot.title.get_text(), png.getvalue()))
        yield n
    page = player(pictures, title="Figure 1, as it happens", interval=1 / FRAMES_PER_SECOND, hold=HOLD_SECONDS)
    path.write_text(page, encoding="utf-8", newline="\n")


def _write_mp4(plot: Figure1Plot, frames: Sequence[Frame], path: Path) -> Iterator[int]:
    hold = f"tpad=stop_mode=clone:stop_duration={HOLD_SECONDS - 1 / FRAMES_PER_SECOND}"
    bare = ["-map_metadata", "-1", "-fflags", "+bitexact", "-movflags", "+faststart"]
    with picture_style():
        writer = FFMpegWriter(FRAMES_PER_SECOND, codec="h264", extra_args=["-vf", hold, *bare])
        writer.setup(plot.figure, path, plot.figure.dpi)
    try:
        try:
            for n in range(1, len(frames) + 1):
                with picture_style():
                    plot.draw(frames[:n])
                    writer.grab_frame()
                yield n
        finally:
            writer.finish()  # ends the process, whatever happened
    except (BrokenPipeError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise OSError(f"ffmpeg could not write the animation: {said[-1] if said else 'it gave no reason'}") from error
