"""Table 1 as the paper prints it."""

from typing import NamedTuple


class Published(NamedTuple):
    """A row of the paper's Table 1, in nats.

    Attributes
    ----------
    model : str
    mean, standard_error : float
        For MNIST, over the test images; for TFD, over the five folds, each with its own sigma.
    """

    model: str
    mean: float
    standard_error: float


_MNIST = (
    Published("DBN", 138, 2),
    Published("Stacked CAE", 121, 1.6),
    Published("Deep GSN", 214, 1.1),
    Published("Adversarial nets", 225, 2),
)
_TFD = (
    Published("DBN", 1909, 66),
    Published("Stacked CAE", 2110, 50),
    Published("Deep GSN", 1890, 29),
    Published("Adversarial nets", 2057, 26),
)

# Table 1 as printed, by experiment.
PAPER = {"mnist": _MNIST, "mnist-quick": _MNIST, "tfd": _TFD, "tfd-stage-2": _TFD}
