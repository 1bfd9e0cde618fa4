"""Time one iteration of the MNIST recipe against its matrix products alone, and against PyTorch and JAX.

python -m benchmarks.step
"""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.peers import AGREEMENT, disagreement, find_peers, players
from benchmarks.products import gigaflops, runner
from benchmarks.timing import Finding, median, one_core, parser, report, seconds
from tinygan.adversarial import train
from tinygan.backend import Array, get_array_module, to_device
from tinygan.data import ScaledImages
from tinygan.recipes.base import recipe_with
from tinygan.recipes.mnist import MNIST

N_PIXELS, N_IMAGES = 784, 50_000

# How real and fake examples go through D. A step is held to the faster of the two.
PRODUCTS = {"its products, real and fake in one batch": True, "its products, in two batches": False}

# The most that the time of a step may be, relative to that of its products and of others.
PRODUCTS_BAR = 1.35
BARS = {"PyTorch eager, tuned": 1.0}


def recipe() -> MNIST:
    """Return the MNIST recipe with Algorithm 1 as printed."""
    made = recipe_with(MNIST, {"updates": "alternating"})
    assert isinstance(made, MNIST)
    return made


def made_images(n: int, n_pixels: int) -> np.ndarray:
    """Return n made images of bytes: as in digits, four pixels of five are black."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (n, n_pixels), dtype=np.uint8)
    images[rng.random((n, n_pixels), np.float32) < 0.8] = 0
    return images


def iteration(recipe: MNIST, images: np.ndarray, device: str = "cpu") -> Callable[[], object]:
    """Return a function that does one iteration of `tinygan.adversarial.train`."""
    D, G = (to_device(player, device) for player in players(recipe, images.shape[1]))
    optimizer_d, optimizer_g = recipe.optimizers(D, G)
    records = train(
        D,
        G,
        ScaledImages(images),
        recipe.prior(),
        optimizer_d=optimizer_d,
        optimizer_g=optimizer_g,
        n_iterations=10**9,
        batch_size=recipe.batch_size,
        updates=recipe.updates,
        rng=0,
    )
    return lambda: next(records)


def variants(
    recipe: MNIST, images: np.ndarray, device: str = "cpu"
) -> tuple[dict[str, Callable[[], object]], dict[str, str]]:
    """Return by name what can be timed here, and of what cannot, why."""
    xp, n_pixels, rng = get_array_module(to_device(np.empty(1), device)), images.shape[1], np.random.default_rng(0)

    def made(shape: tuple[int, int]) -> Array:
        return xp.asarray(rng.normal(0, 0.01, shape).astype(np.float32))

    calls: dict[str, Callable[[], object]] = {"tinygan": iteration(recipe, images, device)}
    for name, one_batch in PRODUCTS.items():
        calls[name] = runner(recipe, n_pixels, recipe.batch_size, made, xp.matmul, one_batch=one_batch)
    found, absent = find_peers()
    for name, factory in found.items():
        try:
            error = disagreement(factory, recipe, n_pixels, device=device)
        except (RuntimeError, ValueError) as problem:
            absent[name] = f"does not run on the {device}: {problem}"
            continue
        if error > AGREEMENT:
            absent[name] = f"computes something else, off by {error:.0e}"
        else:
            calls[name] = factory(recipe, *players(recipe, n_pixels), images, 0, device)
    return calls, absent


def measure(recipe: MNIST, images: np.ndarray, rounds: int, *, warm_up: int = 5, device: str = "cpu") -> list[Finding]:
    """Return what a step takes, alone and relative to everything else."""
    size = f"batch {recipe.batch_size}" + ("" if device == "cpu" else f", {device}")
    with one_core():
        calls, absent = variants(recipe, images, device)
        times = seconds(calls, rounds, warm_up=warm_up, clock=time.process_time if device == "cpu" else gpu_clock)
    n_operations = gigaflops(recipe, images.shape[1], recipe.batch_size)
    findings = [Finding("10^9 multiplications and additions of a step", size, n_operations, "GFLOP", in_table=False)]
    findings += [median(name, size, 1e3 * taken, "ms", in_table=False) for name, taken in times.items()]
    fastest = min(PRODUCTS, key=lambda name: float(np.median(times[name])))
    bars = {fastest: PRODUCTS_BAR, **BARS} if device == "cpu" else {}
    for name in [fastest, *(name for name in [*times, *absent] if name not in ("tinygan", *PRODUCTS))]:
        what = f"step / {name}"
        if name in absent:
            findings.append(Finding(what, size, None, bar=bars.get(name), note=absent[name]))
        else:
            findings.append(median(what, size, times["tinygan"] / times[name], bar=bars.get(name)))
    return findings


def gpu_clock() -> float:
    """Return the time when the GPU has done all that it was given."""
    import cupy

    cupy.cuda.Device().synchronize()
    return time.perf_counter()


def findings(*, quick: bool, device: str = "cpu") -> list[Finding]:
    """Return what a step of the recipe takes."""
    n_images, rounds = (2000, 5) if quick else (N_IMAGES, 60)
    return measure(recipe(), made_images(n_images, N_PIXELS), rounds, device=device)


def main() -> None:
    """Measure and print; exit with 1 if a bar is missed."""
    options = parser(__doc__)
    options.add_argument("--device", choices=["cpu", "gpu"], default="cpu", help="where to train (default: cpu)")
    chosen = options.parse_args()
    try:
        found = findings(quick=chosen.quick, device=chosen.device)
    except RuntimeError as error:
        raise SystemExit(f"no GPU: {error}") from None
    raise SystemExit(report(found, chosen))


if __name__ == "__main__":
    main()
