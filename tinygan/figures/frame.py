"""The numbers that one frame of Figure 1 shows."""

from dataclasses import dataclass, fields

from tinygan.backend import Array
from tinygan.figures.host import check_on_host


@dataclass(frozen=True)
class Frame:
    """The state of a one-dimensional game at one moment, on a grid.

    Attributes
    ----------
    iteration : int
        The number of iterations done.
    x : ndarray of shape (n,)
        The grid, rising, in the units of the data.
    p_data, p_g : ndarray of shape (n,)
        The densities on the grid.
    d, d_star : ndarray of shape (n,)
        D(x), and the optimal D* for these densities.
    z, g_z : ndarray of shape (k,)
        The ends of the arrows: evenly spaced noise, rising, and G(z) in the units of the data.
    value, criterion : float
        V(G, D) of eq. (1) and C(G) = -log 4 + 2 JSD of Theorem 1, in nats.
    error : float
        Mean of abs(D - D*) over (p_data + p_g) / 2.

    Raises
    ------
    TypeError
        If an array is on a GPU.
    """

    iteration: int
    x: Array
    p_data: Array
    p_g: Array
    d: Array
    d_star: Array
    z: Array
    g_z: Array
    value: float
    criterion: float
    error: float

    def __post_init__(self) -> None:
        for field in fields(self):
            check_on_host(f"Frame got {field.name}", getattr(self, field.name))
