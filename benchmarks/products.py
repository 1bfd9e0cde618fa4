"""The matrix products that one iteration of Algorithm 1 on the MNIST networks cannot do without, and nothing else."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tinygan.backend import Array
from tinygan.recipes.mnist import MNIST


class Product(NamedTuple):
    """One matrix product, of arrays by name: ``W'`` is W transposed, and ``d a`` is the gradient of the loss by a."""

    left: str
    right: str
    result: str
    why: str


# G has the weights U1, U2, U3 and the hidden layers h1, h2; D has W1, W2, W3, the linear pieces a1, a2 and, after
# maxout and dropout, b1, b2. Products have the names of what comes out before the bias and the activation.
GENERATE = (
    Product("z", "U1", "h1", "noise to the first hidden layer"),
    Product("h1", "U2", "h2", "to the second"),
    Product("h2", "U3", "x", "to the pixels"),
)
JUDGE = (
    Product("x", "W1", "a1", "pixels to five pieces a unit"),
    Product("b1", "W2", "a2", "likewise, one layer up"),
    Product("b2", "W3", "logit", "to one logit"),
)
# The gradient of every weight, and of the inputs that have learning layers below them: of b2 and b1, not of x.
LEARN_D = (
    Product("b2'", "d logit", "d W3", "gradient of the weight"),
    Product("d logit", "W3'", "d b2", "gradient of the layer below"),
    Product("b1'", "d a2", "d W2", "gradient of the weight"),
    Product("d a2", "W2'", "d b1", "gradient of the layer below"),
    Product("x'", "d a1", "d W1", "gradient of the weight; that of x is not needed"),
)
# Through D down to x, without the gradients of its weights; then through G, without the gradient of z.
LEARN_G = (
    Product("d logit", "W3'", "d b2", "through D"),
    Product("d a2", "W2'", "d b1", "through D"),
    Product("d a1", "W1'", "d x", "through D"),
    Product("h2'", "d x", "d U3", "gradient of the weight"),
    Product("d x", "U3'", "d h2", "gradient of the layer below"),
    Product("h1'", "d h2", "d U2", "gradient of the weight"),
    Product("d h2", "U2'", "d h1", "gradient of the layer below"),
    Product("z'", "d h1", "d U1", "gradient of the weight; that of z is not needed"),
)


def iteration(m: int, *, one_batch: bool) -> list[tuple[Product, int]]:
    """Return the products of one iteration with k = 1, each with its number of examples.

    Parameters
    ----------
    m : int
        Batch size.
    one_batch : bool
        Whether real and fake examples go through D together, 2 m of them, or one after the other.
    """
    real_and_fake = [2 * m] if one_batch else [m, m]
    steps = [(GENERATE, m), *((JUDGE + LEARN_D, rows) for rows in real_and_fake), (GENERATE + JUDGE + LEARN_G, m)]
    return [(product, rows) for products, rows in steps for product in products]


def shapes(recipe: MNIST, n_pixels: int, rows: int) -> dict[str, tuple[int, int]]:
    """Return the shape of every array but the gradients, for a batch of so many rows."""
    latent, hidden, units = recipe.latent_dim, recipe.generator_units, recipe.discriminator_units
    pieces = units * recipe.n_pieces
    weights = {
        "U1": (latent, hidden),
        "U2": (hidden, hidden),
        "U3": (hidden, n_pixels),
        "W1": (n_pixels, pieces),
        "W2": (units, pieces),
        "W3": (units, 1),
    }
    widths = {
        "z": latent,
        "h1": hidden,
        "h2": hidden,
        "x": n_pixels,
        "a1": pieces,
        "b1": units,
        "a2": pieces,
        "b2": units,
    }
    return weights | {name: (rows, width) for name, width in widths.items()} | {"logit": (rows, 1)}


def gigaflops(recipe: MNIST, n_pixels: int, m: int) -> float:
    """Return how many 10^9 multiplications and additions the products of one iteration take."""
    total = 0
    for product, rows in iteration(m, one_batch=True):
        sizes = shapes(recipe, n_pixels, rows)
        (height, depth), (_, width) = (_shape(name, sizes) for name in (product.left, product.right))
        total += 2 * height * depth * width
    return total / 1e9


def runner(
    recipe: MNIST, n_pixels: int, m: int, made: Callable[[tuple[int, int]], Array], matmul: Any, *, one_batch: bool
) -> Callable[[], None]:
    """Return a function that does all products of an iteration, into arrays that are there already.

    Parameters
    ----------
    made : callable
        Returns an array of a shape; each is made once, as in a program that reuses all of its memory.
    matmul : callable
        Takes two arrays and ``out``.
    """
    arrays: dict[tuple[str, tuple[int, int]], Array] = {}

    def array(name: str, sizes: Mapping[str, tuple[int, int]]) -> Array:
        if name.endswith("'"):
            return array(name.removesuffix("'"), sizes).T
        key = name, _shape(name, sizes)
        if key not in arrays:
            arrays[key] = made(key[1])
        return arrays[key]

    work = []
    for product, rows in iteration(m, one_batch=one_batch):
        sizes = shapes(recipe, n_pixels, rows)
        work.append([array(name, sizes) for name in product[:3]])

    def run() -> None:
        for left, right, result in work:
            matmul(left, right, out=result)

    return run


def _shape(name: str, sizes: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """Return the shape of an array by the name that a product has for it."""
    if name.endswith("'"):
        height, width = _shape(name.removesuffix("'"), sizes)
        return width, height
    return sizes[name.removeprefix("d ")]
