"""Draw pictures of the arrays that are given."""

import os
import sys
from contextlib import suppress


def _import_matplotlib_without_its_backend() -> None:
    """Import Matplotlib even if MPLBACKEND names a backend that is not installed.

    A notebook may set such a backend for the programs that it starts. Files need no backend. A window takes the backend
    that MPLBACKEND names, if it is installed.
    """
    backend = os.environ.pop("MPLBACKEND")
    try:
        import matplotlib
    finally:
        os.environ["MPLBACKEND"] = backend
    with suppress(ValueError):
        matplotlib.rcParams["backend"] = backend


if os.environ.get("MPLBACKEND", "agg").lower() != "agg" and "matplotlib" not in sys.modules:
    _import_matplotlib_without_its_backend()
