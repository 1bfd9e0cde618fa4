"""Pictures: draws the arrays that it is given."""

import os
import sys
from contextlib import suppress


def _import_matplotlib_without_its_backend() -> None:
    """Import Matplotlib although MPLBACKEND may name what is not here, as that of a notebook does for its programs.

    Files need no backend. A window takes the one that is named, if it is here.
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
