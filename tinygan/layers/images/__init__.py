"""Layers for images of shape (m, height, width, channels)."""

from tinygan.layers.images.conv import Conv2D, ConvTranspose2D

__all__ = ["Conv2D", "ConvTranspose2D"]
