"""Say in words what a game in one dimension has missed."""

import numpy as np

from tinygan.backend import Array
from tinygan.data import Gaussian, Mixture
from tinygan.experiments.figure1.game import Game, Measures

# A game has arrived if it exceeds none of these: nats, and means over (p_data + p_g) / 2.
JSD_BAR, ERROR_BAR, GAP_BAR = 0.03, 0.03, 0.05


def missed(game: Game, measures: Measures) -> list[str]:
    """Return what the game has missed, in words, with the most telling cause first; empty if it has arrived.

    Parameters
    ----------
    game : Game
        The game at its end.
    measures : Measures
        The measures of this game.

    Examples
    --------
    >>> from tinygan.data import Gaussian
    >>> from tinygan.experiments.figure1 import play
    >>> start = next(play(Gaussian(0, 1), rng=0))
    >>> len(missed(start.game, start.measures)) > 0  # nobody has played yet
    True
    """
    x = game.grid()
    p_data, p_g = _masses(game.source.data.pdf(x), x), _masses(game.p_g(x), x)
    modes = game.source.data.components if isinstance(game.source.data, Mixture) else []
    return [
        *_flown_off(x, p_data, p_g),
        *_collapsed(x, p_data, p_g),
        *_missed_modes(modes, x, p_data, p_g),
        *_saturated(measures),
        *_mass_between_modes(modes, x, p_data, p_g),
        *_distances(measures),
    ]


def _flown_off(x: Array, p_data: Array, p_g: Array) -> list[str]:
    mean_data, mean_g = float((p_data * x).sum()), float((p_g * x).sum())
    if abs(mean_g - mean_data) < 5 * _spread(x, p_data):
        return []
    return [
        f"G has left the data: the mean of p_g is {mean_g:.3g}, that of p_data {mean_data:.3g}; a lower rate of G helps"
    ]


def _collapsed(x: Array, p_data: Array, p_g: Array) -> list[str]:
    spread_data, spread_g = _spread(x, p_data), _spread(x, p_g)
    if spread_g > 0.2 * spread_data:
        return []
    where = float((p_g * x).sum())
    return [
        f"p_g has collapsed onto {where:.3g}, with a standard deviation of {spread_g:.2g} where p_data has "
        f"{spread_data:.2g}: G maps many z to one x; more discriminator steps or a lower rate of G help"
    ]


def _missed_modes(modes: list[Gaussian], x: Array, p_data: Array, p_g: Array) -> list[str]:
    causes = []
    for mode in modes:
        near = abs(x - mode.mean) <= 2 * mode.std
        wanted, found = p_data[near].sum(), p_g[near].sum()
        if wanted > 0.005 and found < 0.25 * wanted:
            causes.append(
                f"p_g has missed the mode at {mode.mean:g}: {found:.1%} of its mass lies within two deviations of it, "
                f"{wanted:.1%} of that of p_data"
            )
    return causes


def _saturated(measures: Measures) -> list[str]:
    if measures.discriminator_gap < 0.45:
        return []
    return [
        f"D is saturated: it tells real from fake almost surely (mean |D - 1/2| = {measures.discriminator_gap:.2f}); "
        "with the minimax objective almost no gradient reaches G; a lower rate of D or fewer discriminator steps help"
    ]


def _mass_between_modes(modes: list[Gaussian], x: Array, p_data: Array, p_g: Array) -> list[str]:
    if not modes:
        return []
    means = [mode.mean for mode in modes]
    far = np.all([abs(x - mode.mean) > 3.5 * mode.std for mode in modes], axis=0)
    gap = far & (x > min(means)) & (x < max(means))
    surplus = p_g[gap].sum() - p_data[gap].sum()
    if surplus < 0.005:
        return []
    return [
        f"p_g leaves {surplus:.1%} of its mass between the modes, where p_data has next to none: G is continuous, "
        "and to reach both sides it must cross the gap"
    ]


def _distances(measures: Measures) -> list[str]:
    said = []
    if measures.jsd > JSD_BAR:
        said.append(f"p_g is still {measures.jsd:.3f} nats (JSD) from p_data")
    if measures.discriminator_error > ERROR_BAR:
        said.append(f"D has not settled on D*: mean |D - D*| = {measures.discriminator_error:.3f}")
    if measures.discriminator_gap > GAP_BAR and not said:
        said.append(f"D still tells p_g from p_data: mean |D - 1/2| = {measures.discriminator_gap:.3f}")
    return said


def _masses(density: Array, x: Array) -> Array:
    masses = density * np.gradient(x)
    return masses / masses.sum()


def _spread(x: Array, masses: Array) -> float:
    mean = (masses * x).sum()
    return float(np.sqrt((masses * (x - mean) ** 2).sum()))
