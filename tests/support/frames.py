"""Frames and panels of Figure 1 for the tests of the pictures."""

import numpy as np

from tinygan.adversarial import optimal_discriminator, virtual_criterion
from tinygan.data import Gaussian
from tinygan.figures.frame import Frame

Z = np.linspace(-1, 1, 9)


def make_frame(iteration=0, *, data=None, mean=3.0, std=0.8, d=0.5):
    data = data or Gaussian(4, 0.5)
    low, high = data.support
    x = np.linspace(low - 1, high + 1, 301)
    p_data, p_g = data.pdf(x), Gaussian(mean, std).pdf(x)
    d_star = optimal_discriminator(p_data, p_g)
    criterion = virtual_criterion(p_data, p_g, x)
    return Frame(
        iteration, x, p_data, p_g, np.full(301, d), d_star, Z, mean + 2 * std * Z, criterion - 0.1, criterion, 0.2
    )


FRAMES = [make_frame(100 * i, mean=3 + 0.25 * i, std=0.8 - 0.1 * i) for i in range(4)]
PANELS = [(f"({letter}) p_g, p_data\nD near D*", frame) for letter, frame in zip("abcd", FRAMES, strict=True)]
