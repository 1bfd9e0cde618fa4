"""The live window, on a display that is only pretended."""

import matplotlib
import matplotlib.pyplot as plt
import pytest
from matplotlib.backend_bases import CloseEvent, FigureCanvasBase, FigureManagerBase
from matplotlib.text import Text
from support.frames import FRAMES

from tinygan.figures import window


def text_of(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text))


@pytest.fixture
def display(monkeypatch):
    """Let Agg pass for a toolkit with windows; list what happens to the window."""
    happened = []
    monkeypatch.setattr(FigureCanvasBase, "required_interactive_framework", "pretended")
    monkeypatch.setattr(
        FigureManagerBase, "show", lambda self: happened.append(matplotlib.rcParams["figure.raise_window"])
    )
    monkeypatch.setattr(FigureCanvasBase, "flush_events", lambda self: happened.append("events"))
    monkeypatch.setattr(window.plt, "show", lambda block: happened.append(f"block={block}"))
    yield happened
    plt.close("all")


def test_without_a_display_there_is_no_window():
    assert window.open_window(100) is None
    assert plt.get_fignums() == []


def test_a_toolkit_that_fails_is_no_display(monkeypatch):
    def fail(*_, **__):
        raise ImportError("Cannot load backend 'TkAgg' ... as 'headless' is currently running")

    monkeypatch.setattr(window.plt, "figure", fail)
    assert window.open_window(100) is None


def test_window_shows_every_frame_without_taking_the_focus(display):
    live = window.open_window(1000)
    live.hold()  # nothing to look at yet
    assert display == []
    for n in range(1, 4):
        live.show(FRAMES[:n])
    assert display == [False, "events", "events", "events"]
    axes = live.figure.axes[-1]
    assert axes.get_xlim() == (0, 1000)
    assert "iteration 200" in text_of(live.figure)
    live.hold()
    assert display[-1] == "block=True"
    live.close()
    assert not live.is_open
    assert plt.get_fignums() == []


def test_a_closed_window_does_not_stop_the_training(display):
    live = window.open_window(1000)
    live.show(FRAMES[:1])
    live.figure.canvas.callbacks.process("close_event", CloseEvent("close_event", live.figure.canvas))
    before = list(display)
    live.show(FRAMES[:2])
    live.hold()
    assert not live.is_open
    assert display == before


def test_a_lost_display_does_not_stop_the_training(display, monkeypatch):
    def lost(_):
        raise RuntimeError("can't invoke update: application has been destroyed")

    live = window.open_window(1000)
    monkeypatch.setattr(FigureCanvasBase, "flush_events", lost)
    with pytest.warns(RuntimeWarning, match="the live window stopped: can't invoke"):
        live.show(FRAMES[:1])
    live.show(FRAMES[:2])
    assert not live.is_open
