"""The two players in PyTorch, eager: as its tutorials write a GAN, and tuned."""

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.peers import Order
from tinygan.layers import Dropout, Linear, Maxout, ReLU, Sequential, Sigmoid
from tinygan.recipes.mnist import MNIST


class MaxPieces(nn.Module):
    """Maxout, by ``max`` with its indices, which is what comes to mind first, or by ``amax``, which is faster."""

    def __init__(self, n_pieces: int, *, is_tuned: bool) -> None:
        super().__init__()
        self.n_pieces, self.is_tuned = n_pieces, is_tuned

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the largest piece of every unit."""
        pieces = x.view(len(x), self.n_pieces, -1)
        return pieces.amax(1) if self.is_tuned else pieces.max(1).values


class BitDropout(nn.Module):
    """Dropout from 16 random bits an entry, four entries a draw, as tinygan does it."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.threshold, self.scale = round(rate * 2**16) - 2**15, 1 / (1 - rate)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x with entries dropped."""
        words = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device).random_(-(2**63), None)
        bits = words.view(torch.int16)[: x.numel()].view(x.shape)
        return x * ((bits >= self.threshold) * self.scale)


class Tutorial:
    """The loop of PyTorch's tutorial on GANs, but with fresh noise in the step of G, as Algorithm 1 has it."""

    is_tuned = False

    def __init__(
        self, recipe: MNIST, D: Sequential, G: Sequential, images: np.ndarray, seed: int, device: str = "cpu"
    ) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self.device = torch.device("cuda" if device == "gpu" else "cpu")
        self.D, self.G = (self._module(player).to(self.device) for player in (D, G))
        self.optimizer_d, self.optimizer_g = (self._optimizer(recipe, player) for player in (self.D, self.G))
        self.images, self.order = torch.from_numpy(images).to(self.device), Order(len(images), recipe.batch_size, seed)
        self.prior = recipe.prior()

    def update(self, x: Any, z_d: Any, z_g: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Update D, then G; return J_D and J_G."""
        x, z_d, z_g = (torch.as_tensor(batch, device=self.device) for batch in (x, z_d, z_g))
        real, fake = torch.ones(len(x), 1, device=self.device), torch.zeros(len(x), 1, device=self.device)
        self.D.zero_grad()
        loss_real = F.binary_cross_entropy_with_logits(self.D(x), real)
        loss_real.backward()
        loss_fake = F.binary_cross_entropy_with_logits(self.D(self.G(z_d).detach()), fake)
        loss_fake.backward()
        self.optimizer_d.step()
        self.G.zero_grad()
        loss_g = F.binary_cross_entropy_with_logits(self.D(self.G(z_g)), real)
        loss_g.backward()
        self.optimizer_g.step()
        return (loss_real + loss_fake).detach(), loss_g.detach()

    def parameters(self) -> list[np.ndarray]:
        """Return copies of the parameters of D, then of G."""
        values = [theta.detach().cpu().numpy() for player in (self.D, self.G) for theta in player.parameters()]
        return [value.T.copy() for value in values]

    def __call__(self) -> object:
        """Do a whole iteration."""
        indices = torch.from_numpy(self.order()).to(self.device)
        x = self.images[indices].float().div_(255)
        return self.update(x, self._noise(len(x)), self._noise(len(x)))

    def _noise(self, m: int) -> torch.Tensor:
        return torch.empty(m, self.prior.latent_dim, device=self.device).uniform_(self.prior.low, self.prior.high)

    def _optimizer(self, recipe: MNIST, player: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.SGD(player.parameters(), recipe.learning_rate, recipe.momentum)

    def _module(self, player: Sequential) -> nn.Sequential:
        return nn.Sequential(*map(self._layer, player))

    def _layer(self, layer: Any) -> nn.Module:
        if isinstance(layer, Linear):
            linear = nn.Linear(layer.n_in, layer.n_out)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(layer.weight.data.T))
                linear.bias.copy_(torch.from_numpy(layer.bias.data))
            return linear
        if isinstance(layer, Maxout):
            return MaxPieces(layer.n_pieces, is_tuned=self.is_tuned)
        if isinstance(layer, Dropout):
            return self._dropout(layer.rate)
        return {ReLU: nn.ReLU, Sigmoid: nn.Sigmoid}[type(layer)]()

    def _dropout(self, rate: float) -> nn.Module:
        return nn.Dropout(rate)


class Tuned(Tutorial):
    """One batch of real and fake examples through D; no gradient where none is needed; many tensors an update."""

    is_tuned = True
    updates = "foreach"

    def update(self, x: Any, z_d: Any, z_g: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Update D, then G; return J_D and J_G."""
        x, z_d, z_g = (torch.as_tensor(batch, device=self.device) for batch in (x, z_d, z_g))
        with torch.no_grad():
            both = torch.cat([x, self.G(z_d)])
        logits = self.D(both)
        loss_d = F.softplus(-logits[: len(x)]).mean() + F.softplus(logits[len(x) :]).mean()
        self.optimizer_d.zero_grad(set_to_none=True)
        loss_d.backward()
        self.optimizer_d.step()
        self.D.requires_grad_(False)
        loss_g = F.softplus(-self.D(self.G(z_g))).mean()
        self.optimizer_g.zero_grad(set_to_none=True)
        loss_g.backward()
        self.optimizer_g.step()
        self.D.requires_grad_(True)
        return loss_d.detach(), loss_g.detach()

    def _optimizer(self, recipe: MNIST, player: nn.Module) -> torch.optim.Optimizer:
        kind = {self.updates: True}
        return torch.optim.SGD(player.parameters(), recipe.learning_rate, recipe.momentum, **kind)


class TunedFurther(Tuned):
    """What few would write: an update in one kernel, and dropout from raw bits."""

    updates = "fused"

    def _dropout(self, rate: float) -> nn.Module:
        return BitDropout(rate) if rate else nn.Identity()


VARIANTS = {
    "PyTorch eager, as tutorials write it": Tutorial,
    "PyTorch eager, tuned": Tuned,
    "PyTorch eager, tuned further": TunedFurther,
}
