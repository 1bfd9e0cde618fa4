"""Checks at the doors of layers for images: that x holds images, of the right channels, and large enough."""

from tinygan.arguments import check_count
from tinygan.backend import Array
from tinygan.layers.base import Layer, Shape, layer_name
from tinygan.layers.doors import check_input, of_examples


def check_images(layer: Layer, x: Array, n_channels: int | None = None) -> None:
    """Raise unless x is a non-empty batch of images, of so many channels if a number is given.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.layers import Conv2D
    >>> check_images(Conv2D(3, 8, 5), np.ones((2, 3, 9, 9), np.float32), 3)
    Traceback (most recent call last):
    ValueError: Conv2D(3, 8, 5) got x of shape (2, 3, 9, 9); it takes images (m, height, width, 3). Did you mean \
x.transpose(0, 2, 3, 1)?
    """
    check_input(layer, x)
    if not _are_images(x.shape[1:], n_channels):
        raise ValueError(f"{layer_name(layer)} got x of shape {x.shape}; it takes {_wanted(x.shape[1:], n_channels)}")


def check_image_shape(layer: Layer, shape: Shape, n_channels: int | None = None) -> None:
    """Raise unless this is the shape of an image, or None."""
    if shape is not None and not _are_images(shape, n_channels):
        raise ValueError(f"{layer_name(layer)} takes {_wanted(shape, n_channels)}, not {of_examples(shape)}")


def check_side(layer: Layer, side: int, least: int) -> None:
    """Raise unless an image of this height or width is large enough."""
    if side < least:
        raise ValueError(
            f"{layer_name(layer)} got images of height or width {side}; it takes images of at least {least} x {least}"
        )


def check_padding(what: str, padding: int, size: int) -> int:
    """Return the padding, or raise if a window could lie in it as a whole."""
    if check_count(f"{what} got padding", padding, least=0) >= size:
        raise ValueError(
            f"{what} got padding={padding} and size={size}, so that some windows would see nothing but padding; it "
            f"takes a padding of at most {size - 1}"
        )
    return int(padding)


def _are_images(shape: tuple[int, ...], n_channels: int | None) -> bool:
    return len(shape) == 3 and n_channels in (None, shape[2])


def _wanted(shape: tuple[int, ...], n_channels: int | None) -> str:
    hint = ""
    if len(shape) == 1:
        hint = f"; Reshape(height, width, {n_channels or 'channels'}) makes them of rows"
    elif len(shape) == 2 and n_channels in (None, 1):
        hint = ". Did you mean x[..., None]?"
    elif len(shape) == 3 and shape[0] == n_channels:
        hint = ". Did you mean x.transpose(0, 2, 3, 1)?"
    return f"images (m, height, width, {n_channels or 'channels'}){hint}"
