"""Time a step of convolutional players against PyTorch, and measure the memory that it needs.

python -m benchmarks.conv
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from benchmarks.timing import Finding, median, megabytes, one_core, parser, report, seconds
from tinygan.adversarial import discriminator_step, generator_step
from tinygan.backend import Array
from tinygan.layers import (
    Conv2D,
    ConvTranspose2D,
    Flatten,
    LeakyReLU,
    Linear,
    Maxout,
    MaxPool2D,
    ReLU,
    Reshape,
    Sequential,
    Sigmoid,
    he,
    uniform,
)
from tinygan.optim import SGD

LATENT_DIM = 100

# What two float32 programs may be apart after an update, relative to the largest parameter.
AGREEMENT = 1e-4


@dataclass(frozen=True)
class Game:
    """Two players to measure.

    Attributes
    ----------
    name : str
    build : callable
        Returns D and G.
    n_pixels, batch_size, rounds : int
    ratio_bar, memory_bar : float
        The most that a step may take: times a step of PyTorch, and MB beyond parameters and velocities.
    """

    name: str
    build: Callable[[], tuple[Sequential, Sequential]]
    n_pixels: int
    batch_size: int
    rounds: int
    ratio_bar: float
    memory_bar: float | None = None

    def batches(self) -> tuple[Array, Array, Array]:
        """Return made examples, and noise for each step."""
        rng = np.random.default_rng(0)
        shapes = [(self.batch_size, n) for n in (self.n_pixels, LATENT_DIM, LATENT_DIM)]
        x, z_d, z_g = (rng.standard_normal(shape, dtype=np.float32) for shape in shapes)
        return x, z_d, z_g


def paper(scale: float) -> tuple[Sequential, Sequential]:
    """Return the convolutional players of the paper for CIFAR-10, each layer `scale` times as wide, without dropout."""

    def wide(n: int) -> int:
        return max(1, round(scale * n))

    def kernels(n_in: int, n_out: int, size: int, padding: int) -> list[Conv2D | Maxout]:
        return [Conv2D(n_in, 2 * n_out, size, padding=padding, weight_init=uniform(0.005 / scale), rng=0), Maxout(2)]

    lower = [*kernels(3, wide(32), 8, 4), MaxPool2D(4, 2), *kernels(wide(32), wide(32), 8, 3), MaxPool2D(4, 2)]
    upper = [*kernels(wide(32), wide(192), 5, 3), MaxPool2D(2), Flatten()]
    D = Sequential(
        Reshape(32, 32, 3),
        *lower,
        *upper,
        Linear(25 * wide(192), 5 * wide(500), rng=0),
        Maxout(5),
        Linear(wide(500), 1),
    )
    hidden = [Linear(LATENT_DIM, wide(8000), rng=0), ReLU(), Linear(wide(8000), 100 * wide(80), rng=0), Sigmoid()]
    image = ConvTranspose2D(wide(80), 3, 5, stride=3, bias_shape=(32, 32, 3), rng=0)
    return D, Sequential(*hidden, Reshape(10, 10, wide(80)), image, Flatten())


def dcgan(n_low: int, n_high: int) -> tuple[Sequential, Sequential]:
    """Return players of strided convolutions for 28 x 28 digits, without batch normalisation (Radford et al. 2015)."""
    half = {"stride": 2, "padding": 1, "weight_init": he, "rng": 0}
    lower = [Conv2D(1, n_low, 4, **half), LeakyReLU(0.2), Conv2D(n_low, n_high, 4, **half), LeakyReLU(0.2)]
    D = Sequential(Reshape(28, 28, 1), *lower, Flatten(), Linear(49 * n_high, 1, rng=0))
    first = [Linear(LATENT_DIM, 49 * n_high, rng=0), ReLU(), Reshape(7, 7, n_high)]
    upper = [ConvTranspose2D(n_high, n_low, 4, **half), ReLU(), ConvTranspose2D(n_low, 1, 4, **half), Sigmoid()]
    return D, Sequential(*first, *upper, Flatten())


GAMES = [
    Game("CIFAR-10 of the paper, width 1/8", lambda: paper(1 / 8), 3072, 128, 11, 0.65, 100),
    Game("CIFAR-10 of the paper, full width", lambda: paper(1), 3072, 128, 5, 0.75, 400),
    Game("DCGAN 64/32", lambda: dcgan(32, 64), 784, 64, 41, 1.2),
    Game("DCGAN 128/64", lambda: dcgan(64, 128), 784, 64, 21, 1.5),
]


def step(D: Sequential, G: Sequential, x: Array, z_d: Array, z_g: Array) -> Callable[[], object]:
    """Return a function that does one iteration of Algorithm 1, with k = 1, always on the same examples and noise."""
    optimizer_d, optimizer_g = (SGD(player.parameters, 0.001, 0.5) for player in (D, G))

    def iterate() -> None:
        discriminator_step(D, G, x, z_d, optimizer_d)
        generator_step(D, G, z_g, optimizer_g)

    return iterate


def measure(game: Game, rounds: int) -> list[Finding]:
    """Return what a step takes, relative to PyTorch, and its memory."""
    (D, G), batches, size = game.build(), game.batches(), f"batch {game.batch_size}"
    calls: dict[str, Callable[[], object]] = {}
    note = ""
    try:
        peers = import_module("benchmarks.peers_torch_conv")
        calls = {name: peers.step(D, G, *batches, channels_last=name == "channels last") for name in peers.LAYOUTS}
        ours = step(*game.build(), *batches)
        if (error := peers.disagreement(D, G, *batches, step)) > AGREEMENT:
            calls, note = {}, f"PyTorch computes something else, off by {error:.0e}"
    except ImportError as error:
        ours, note = step(D, G, *batches), f"torch is not installed: {error}"
    with one_core():
        times = seconds({"tinygan": ours, **calls}, rounds, warm_up=2)
    findings = [
        median(f"{game.name}: {name}", size, 1e3 * taken, "ms", in_table=False) for name, taken in times.items()
    ]
    what = f"{game.name}: step / PyTorch eager"
    if calls:
        fastest = min(calls, key=lambda name: float(np.median(times[name])))
        findings.append(median(what, size, times["tinygan"] / times[fastest], bar=game.ratio_bar, note=fastest))
    else:
        findings.append(Finding(what, size, None, bar=game.ratio_bar, note=note))
    what = f"{game.name}: memory of a step"
    return [*findings, Finding(what, size, megabytes(ours), "MB", bar=game.memory_bar)]


def findings(*, quick: bool, only: str = "") -> list[Finding]:
    """Return what a step takes in every game whose name holds `only`."""
    games = [game for game in GAMES if only in game.name]
    return [finding for game in games for finding in measure(game, 2 if quick else game.rounds)]


def main() -> None:
    """Measure and print; exit with 1 if a bar is missed."""
    options = parser(__doc__)
    options.add_argument("--only", metavar="NAME", default="", help="measure only games whose names hold this")
    chosen = options.parse_args()
    raise SystemExit(report(findings(quick=chosen.quick, only=chosen.only), chosen))


if __name__ == "__main__":
    main()
