"""The colours, line styles and fonts of all pictures, whatever the user's own settings of matplotlib are."""

from contextlib import AbstractContextManager
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.colors import to_rgb

# The paper's colours, in the shades of Okabe and Ito that the colour-blind can tell apart.
BLACK, GREEN, BLUE, VERMILION = "black", "#009E73", "#0072B2", "#D55E00"
# A shade of vermilion, drawn as a broad band behind D; it differs from all other curves in grey print, too.
LIGHT_VERMILION = "#EEBF99"
# The shade where G sends nothing: a grey like one of the shades below, through which the curves show.
SHADE: dict[str, Any] = {"facecolor": BLACK, "alpha": 1 / 17, "linewidth": 0}

CURVES: dict[str, dict[str, Any]] = {
    "p_data": {"color": BLACK, "linestyle": (0, (1, 1.4)), "linewidth": 2.6},
    "p_g": {"color": GREEN, "linestyle": "-", "linewidth": 2.6},
    "D": {"color": BLUE, "linestyle": (0, (4.5, 1.8)), "linewidth": 2.4},
    "D_star": {"color": LIGHT_VERMILION, "linestyle": "-", "linewidth": 6.0},
}

# Softened edges need shades from white to each colour and between the colours; few shades make small files.
SHADES, MIXES = 18, 4

LABELS = {
    "p_data": r"$p_\mathrm{data}$",
    "p_g": "$p_g$",
    "D": "$D(x)$",
    "D_star": r"$D^*(x) = p_\mathrm{data}\,/\,(p_\mathrm{data} + p_g)$",
}

SETTINGS: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "0.3",
    "axes.labelsize": 14,
    "axes.spines.top": False,
    "font.size": 13,
    "legend.fontsize": 14,
    "legend.frameon": False,
    "lines.dash_capstyle": "butt",
    "svg.hashsalt": "tinygan",  # else the names inside an SVG differ from run to run
    "xtick.color": "0.3",
    "xtick.labelcolor": BLACK,
    "ytick.color": "0.3",
    "ytick.labelcolor": BLACK,
}


def picture_style() -> AbstractContextManager[None]:
    """Return a context with matplotlib's defaults and our settings on top; the backend stays."""
    return style.context(["default", SETTINGS])


def to_the_letter(text: str) -> str:
    r"""Return text that is drawn as it is, such as the name of a folder, even if it has dollar signs.

    Bytes of a name that are not text become escapes, which every font can draw.

    Examples
    --------
    >>> print(to_the_letter("runs/a$b$"))
    runs/a\$b\$
    """
    return text.encode("utf-8", "backslashreplace").decode().replace("$", r"\$")


def palette() -> list[int]:
    """Return the colours that a picture needs, as a list red, green, blue, red, ... of values from 0 to 255."""
    white, inks = np.ones(3), [np.array(to_rgb(color)) for color in (BLACK, GREEN, BLUE, VERMILION)]
    ramps = [np.linspace(white, ink, SHADES) for ink in inks]
    ramps += [np.linspace(one, other, MIXES + 2) for one, other in combinations(inks, 2)]
    colors = np.unique(np.rint(255 * np.concatenate(ramps)).astype(int), axis=0)
    return [int(level) for level in colors.ravel()]
