"""Draws any game in one dimension as Figure 1 does."""

from pathlib import Path
from typing import Any

from tinygan.adversarial import NoisePrior
from tinygan.data import Distribution
from tinygan.experiments.figure1.frames import draw_frame
from tinygan.experiments.figure1.game import Game, Standardised
from tinygan.layers import Layer


def draw_figure1(
    D: Layer, G: Layer, prior: NoisePrior, data: Distribution, path: str | Path | None = None, *, caption: str = ""
) -> Any:
    """Draw p_data, the exact p_g, D, D* and the arrows from z to G(z), for players of your own.

    Parameters
    ----------
    D, G : Layer
        One number in; one logit, or one number, out. Both work in the units of the data.
    prior : NoisePrior
        p_z, of latent_dim 1.
    data : Distribution
        p_data.
    path : str or Path, optional
        A .png, .svg or .pdf file to write the picture to.
    caption : str
        What stands below it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If a player or the prior is not one-dimensional, G is not finite, or the suffix of path is none of those.
    OSError
        If the file cannot be written; what it held before is then untouched.

    Examples
    --------
    >>> from tinygan.data import Gaussian
    >>> from tinygan.layers import Linear
    >>> D, G = Linear(1, 1, rng=0), Linear(1, 1, rng=1)
    >>> figure = draw_figure1(D, G, NoisePrior("gaussian", 1), Gaussian(0, 1), caption="before training")
    >>> figure.texts[0].get_text()
    'before training'
    """
    from tinygan.figures.figure1 import panels_figure  # matplotlib takes a second
    from tinygan.figures.output import STILL, check_output
    from tinygan.figures.still import write_figure

    figure = panels_figure([(caption, draw_frame(Game(D, G, prior, Standardised(data, 0.0, 1.0)), 0))])
    if path is not None:
        write_figure(figure, check_output(path, STILL))
    return figure
