"""Wrong maxout: every winner of a tie gets the whole gradient, or backward has the pieces in another order."""

from typing import Any

from tinygan.backend import Array, RngLike
from tinygan.gradcheck.gallery.bug import Bug
from tinygan.layers import Maxout


class TiesPaidTwice(Maxout):
    """Finds the winners of maxout by ``pieces == y``, which on a tie finds more than one.

    With random numbers there are no ties, so no gradient check on random input sees it. Behind a ReLU or a dropout,
    where many pieces are exactly 0, there are thousands, and each of them gets the whole gradient.
    Diagnosis: tie_duplicated.
    """

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, and where it was found as the cache."""
        pieces = x.reshape(len(x), self.n_pieces, -1)
        y = pieces.max(axis=1)
        return y, pieces == y[:, None]

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y at every piece that is as large as y."""
        return (grad_y[:, None] * cache).reshape(len(grad_y), -1)


class OtherOrder(TiesPaidTwice):
    """Flattens the pieces in another order than forward took them apart.

    Forward has units last, backward pieces last. The shape is right, the numbers are the right ones, and each
    lands on the wrong piece or unit. A reshape never complains where a transpose was meant. Diagnosis: permuted.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return the gradient of the winners, with the pieces of a unit side by side."""
        grad_pieces = grad_y[:, None] * cache
        return grad_pieces.transpose(0, 2, 1).reshape(len(grad_y), -1)


BUGS = [
    Bug("ties_paid_twice", "tie_duplicated", "maxout pays every winner of a tie", TiesPaidTwice, Maxout,
        {"n_pieces": 2}, (5, 6)),
    Bug("other_order", "permuted", "maxout flattens in another order", OtherOrder, Maxout,
        {"n_pieces": 2}, (5, 6)),
]  # fmt: skip
