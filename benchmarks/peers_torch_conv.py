"""Convolutional players in PyTorch, eager, with images in either of its layouts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.peers_torch import MaxPieces
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
)

LAYOUTS = ("channels first", "channels last")


class ToImages(nn.Module):
    """Rows in which channels run fastest, as images with channels first, in the layout asked for."""

    def __init__(self, shape: tuple[int, ...], *, channels_last: bool) -> None:
        super().__init__()
        self.shape, self.channels_last = shape, channels_last

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return images."""
        images = x.view(len(x), *self.shape).permute(0, 3, 1, 2)
        return images if self.channels_last else images.contiguous()


class ToRows(nn.Module):
    """Images as rows in which channels run fastest."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return rows."""
        return x.permute(0, 2, 3, 1).reshape(len(x), -1)


class MaxChannels(MaxPieces):
    """Maxout over channels, which are the second axis here; piece p of unit u is channel p n_units + u."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the largest piece of every unit."""
        first, *others = x.chunk(self.n_pieces, dim=1)
        for piece in others:
            first = torch.maximum(first, piece)
        return first


class Biased(nn.Module):
    """A layer without bias, and a bias for every pixel."""

    def __init__(self, layer: nn.Module, bias: torch.Tensor) -> None:
        super().__init__()
        self.layer, self.bias = layer, nn.Parameter(bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return y."""
        return self.layer(x) + self.bias


def module(player: Sequential, *, channels_last: bool) -> nn.Sequential:
    """Return the same network with the same parameters."""
    made = nn.Sequential(*(_layer(layer, channels_last) for layer in player))
    return made.to(memory_format=torch.channels_last) if channels_last else made


def step(
    D: Sequential, G: Sequential, x: Array, z_d: Array, z_g: Array, *, channels_last: bool
) -> Callable[[], object]:
    """Return a function that does one iteration of Algorithm 1, with k = 1, always on the same examples and noise."""
    return _Step(D, G, x, z_d, z_g, channels_last=channels_last)


class _Step:
    """No graph for G in the step of D, no gradients of D's parameters in the step of G."""

    def __init__(self, D: Sequential, G: Sequential, *batches: Array, channels_last: bool) -> None:
        torch.set_num_threads(1)
        self.D, self.G = (module(player, channels_last=channels_last) for player in (D, G))
        self.x, self.z_d, self.z_g = map(torch.from_numpy, batches)
        self.optimizer_d, self.optimizer_g = (
            torch.optim.SGD(player.parameters(), 0.001, 0.5) for player in (self.D, self.G)
        )

    def __call__(self) -> None:
        with torch.no_grad():
            x_fake = self.G(self.z_d)
        self.optimizer_d.zero_grad(set_to_none=True)
        (F.softplus(-self.D(self.x)).mean() + F.softplus(self.D(x_fake)).mean()).backward()
        self.optimizer_d.step()
        self.D.requires_grad_(False)
        self.optimizer_g.zero_grad(set_to_none=True)
        F.softplus(-self.D(self.G(self.z_g))).mean().backward()
        self.optimizer_g.step()
        self.D.requires_grad_(True)


def disagreement(D: Sequential, G: Sequential, x: Array, z_d: Array, z_g: Array, ours: Any) -> float:
    """Return how far both are apart after one iteration from the same parameters, relative to the largest parameter.

    It changes the parameters of D and G.
    """
    theirs = _Step(D, G, x, z_d, z_g, channels_last=False)
    theirs()
    ours(D, G, x, z_d, z_g)()
    worst = 0.0
    for player, made in ((D, theirs.D), (G, theirs.G)):
        copied = module(player, channels_last=False)
        for one, other in zip(copied.parameters(), made.parameters(), strict=True):
            scale = max(float(one.detach().abs().max()), 1e-3)
            worst = max(worst, float((one - other).detach().abs().max()) / scale)
    return worst


def _layer(layer: Any, channels_last: bool) -> nn.Module:
    if isinstance(layer, Linear):
        return _filled(nn.Linear(layer.n_in, layer.n_out), layer.weight.data.T, layer.bias.data)
    if isinstance(layer, (Conv2D, ConvTranspose2D)):
        kind = nn.Conv2d if isinstance(layer, Conv2D) else nn.ConvTranspose2d
        tied = layer.bias_shape is None
        made = kind(layer.n_in, layer.n_out, layer.size, layer.stride, layer.padding, bias=tied)
        _filled(made, layer.weight.data.transpose(3, 2, 0, 1), layer.bias.data if tied else None)
        return made if tied else Biased(made, torch.tensor(layer.bias.data.transpose(2, 0, 1).copy()))
    if isinstance(layer, Reshape):
        return ToImages(layer.shape, channels_last=channels_last)
    if isinstance(layer, MaxPool2D):
        return nn.MaxPool2d(layer.size, layer.stride, ceil_mode=True)
    if isinstance(layer, Maxout):
        return MaxChannels(layer.n_pieces, is_tuned=True)
    if isinstance(layer, LeakyReLU):
        return nn.LeakyReLU(layer.slope)
    return {Flatten: ToRows, ReLU: nn.ReLU, Sigmoid: nn.Sigmoid}[type(layer)]()


def _filled(made: Any, weight: np.ndarray, bias: np.ndarray | None) -> nn.Module:
    with torch.no_grad():
        made.weight.copy_(torch.from_numpy(weight.copy()))
        if bias is not None:
            made.bias.copy_(torch.from_numpy(bias))
    filled: nn.Module = made
    return filled
