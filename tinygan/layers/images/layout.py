"""How images lie in memory while layers work on them, and how many windows they have."""

from tinygan.backend import Array, get_array_module


def in_rows(x: Array) -> Array:
    """Return images, (m, height, width, channels), as rows, (height, channels, width, m).

    The result is C-ordered: the numbers at one place of all m examples lie side by side. It is a copy unless the images
    lie in memory so already.
    """
    return get_array_module(x).ascontiguousarray(x.transpose(1, 3, 2, 0))


def as_images(y: Array) -> Array:
    """Return rows as images, (m, height, width, channels): a view."""
    return y.transpose(3, 0, 2, 1)


def y_side(side: int, size: int, stride: int, padding: int) -> int:
    """Return the height or width of y for windows of a size, given that of x.

    Examples
    --------
    >>> y_side(28, size=4, stride=2, padding=1)
    14
    """
    return (side + 2 * padding - size) // stride + 1
