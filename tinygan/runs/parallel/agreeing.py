"""Check what the ranks that train a run together must agree on: their rows, and what they have learned."""

import zlib
from collections.abc import Mapping

import numpy as np

from tinygan.backend import Array, to_host
from tinygan.layers import Layer, named_layers
from tinygan.layers.base import layer_name
from tinygan.ranks.group import Ranks


def check_shares(n_ranks: int, n_images: int, batch_size: int) -> None:
    """Raise a ValueError unless every rank gets a row of every minibatch, even of the last one of an epoch.

    Examples
    --------
    >>> check_shares(4, n_images=1000, batch_size=100)
    """
    for m, which in ((batch_size, "a minibatch"), (n_images % batch_size, "the last minibatch of an epoch,")):
        if 0 < m < n_ranks:
            raise ValueError(
                f"{n_ranks} ranks cannot share {which} of {m}, since each trains on some rows of it; "
                f"it takes fewer ranks, or another batch_size than {batch_size} for {n_images:,} images"
            )


def check_rows_apart(n_ranks: int, **networks: Layer) -> None:
    """Raise a ValueError if a layer looks at its whole batch, since each rank has only some rows of the batch.

    Examples
    --------
    >>> from tinygan.layers import Linear
    >>> check_rows_apart(4, D=Linear(2, 1))
    """
    for player, network in networks.items():
        for name, layer in named_layers(network):
            if layer.mixes_rows and not any(inner.mixes_rows for inner in layer.layers):
                raise ValueError(
                    f"{n_ranks} ranks cannot train {player}: its layer {name or 0}, {layer_name(layer)}, looks at its "
                    "whole batch, and every rank has only some rows of it; it takes one process"
                )


def check_alike(arrays: Mapping[str, Array], ranks: Ranks) -> None:
    """Raise a RuntimeError on all ranks unless all of them have the same arrays, to the last bit.

    Examples
    --------
    >>> check_alike({"theta": np.ones(2)}, Ranks())
    """
    if ranks.size == 1:
        return
    digests = np.array([zlib.crc32(to_host(array).tobytes()) for array in arrays.values()])
    first, *others = ranks.all_gather(digests)
    for rank, found in enumerate(others, 1):
        if differ := [name for name, same in zip(arrays, found == first, strict=True) if not same]:
            raise RuntimeError(
                f"the ranks have drifted apart: rank {rank} has another {', '.join(differ)} than rank 0; "
                "are they machines of different kinds?"
            )
