"""Draw a game in one dimension: any two players as one panel of Figure 1, or a whole game as the paper does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tinygan.adversarial import NoisePrior
from tinygan.adversarial.objectives import NON_SATURATING, Objective
from tinygan.data import Distribution
from tinygan.experiments.figure1.game import Game, Standardised
from tinygan.experiments.figure1.moments import Moment
from tinygan.experiments.figure1.panels import four_panels
from tinygan.experiments.figure1.playing import ProgressBar, unwatched
from tinygan.figures.output import is_animation
from tinygan.layers import Layer


def draw_figure1(
    D: Layer, G: Layer, prior: NoisePrior, data: Distribution, path: str | Path | None = None, *, caption: str = ""
) -> Any:
    """Draw p_data, the exact p_g, D, D* and the arrows from z to G(z) for players of your own.

    Parameters
    ----------
    D, G : Layer
        D turns one number into a logit, and G turns one number into one number. Both work in the units of the data.
    prior : NoisePrior
        p_z, of latent_dim 1.
    data : Distribution
        p_data.
    path : str or Path, optional
        A .png, .svg or .pdf file to write the picture to.
    caption : str
        Caption below the picture.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If data is not a distribution.
    ValueError
        If a player or the prior is not one-dimensional, G is not finite, or the suffix of path is another one.
    OSError
        If the file cannot be written; its old contents are then untouched.

    Examples
    --------
    >>> from tinygan.data import Gaussian
    >>> from tinygan.layers import Linear
    >>> D, G = Linear(1, 1, rng=0), Linear(1, 1, rng=1)
    >>> figure = draw_figure1(D, G, NoisePrior("gaussian", 1), Gaussian(0, 1), caption="before training")
    >>> figure.texts[0].get_text()
    'before training'
    """
    from tinygan.figures.figure1 import panels_figure  # importing matplotlib takes a second
    from tinygan.figures.output import STILL, check_output
    from tinygan.figures.still import write_figure

    if not isinstance(data, Distribution):
        raise TypeError(
            f"draw_figure1 got data of type {type(data).__name__}; it takes a distribution whose density is known, "
            "such as tinygan.data.Gaussian(4, 0.5)"
        )
    figure = panels_figure([(caption, Moment.of(Game(D, G, prior, Standardised(data))).frame)])
    if path is not None:
        write_figure(figure, check_output(path, STILL))
    return figure


def draw_play(
    moments: Sequence[Moment],
    path: str | Path,
    *,
    objective: Objective | str = NON_SATURATING,
    progress: ProgressBar = unwatched,
) -> None:
    """Draw a game as an animation (.gif, .mp4 or .html) or as the four panels of Figure 1 (.png, .svg or .pdf).

    Parameters
    ----------
    moments : sequence of Moment
        The moments of the game, in order, as `play` yields them.
    path : str or Path
        The file to write. Its suffix chooses the format.
    objective : Objective or str
        The objective that the players were trained with.
    progress : callable, optional
        Shows the progress, such as ``tqdm``; it is called as ``progress(steps, total=n)``.

    Raises
    ------
    ValueError
        If there is no moment, or the suffix is another one.
    OSError
        If the file cannot be written; its old contents are then untouched.

    Examples
    --------
    >>> import tempfile
    >>> from tinygan.data import Gaussian
    >>> from tinygan.experiments.figure1 import Figure1Recipe, play
    >>> moments = list(play(Gaussian(4, 0.5), Figure1Recipe(n_iterations=4), rng=0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_play(moments, Path(folder, "game.html"))
    """
    from tinygan.figures.saving import draw_panels, save_animation  # see draw_figure1

    if is_animation(path):
        frames = [moment.frame for moment in moments]
        for _ in progress(save_animation(frames, path), total=len(frames)):
            pass
    else:
        draw_panels(list(progress(four_panels(moments, objective=objective), total=4)), path)
