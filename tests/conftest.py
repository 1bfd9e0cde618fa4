"""What every test runs under: one BLAS thread, no display, and Hypothesis without a deadline."""

import os
import signal
import sys

# Before NumPy is imported: BLAS reads these once. Two threads on two busy cores are far slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
os.environ.setdefault("VECLIB_MAXIMUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pytest
from hypothesis import settings

pytest.register_assert_rewrite("support")

# A shell has what it runs in the background ignore Ctrl-C, and nohup the end of the terminal; tests send both.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)  # the tests live on, and what they start does not inherit this

settings.register_profile("default", deadline=None, max_examples=10)
settings.register_profile("ci", deadline=None, max_examples=30, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def current_folder():
    """Return where we are, and what lies there but what tools hide."""
    return os.getcwd(), sorted(name for name in os.listdir() if not name.startswith("."))


@pytest.fixture(autouse=True, scope="module")
def _the_current_folder_is_left_as_it_was():
    before = current_folder()
    yield
    assert current_folder() == before


@pytest.fixture(autouse=True)
def _commands_stay_on_the_host(monkeypatch):
    """Unless a test has CuPy, real or fake, a command does not look for a GPU, also where CuPy is installed."""
    monkeypatch.setattr("tinygan.backend.has_cupy", lambda: sys.modules.get("cupy") is not None)
