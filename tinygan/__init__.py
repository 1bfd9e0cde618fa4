"""Generative Adversarial Nets (Goodfellow et al. 2014) by hand: every layer states its own backward pass."""

__version__ = "0.1.0"
