"""Layers for images of shape (m, height, width, channels)."""

from tinygan.layers.images.conv import Conv2D, ConvTranspose2D
from tinygan.layers.images.pool import AveragePool2D, MaxPool2D

__all__ = ["AveragePool2D", "Conv2D", "ConvTranspose2D", "MaxPool2D"]
