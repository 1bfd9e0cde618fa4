"""Correlation of images with small kernels, its transpose and its weight gradient, by one matrix product a row.

Images are (m, height, width, channels) outside. Inside, they lie in memory as (height, channels, width, m): a row of
pixels is one block, and examples are its columns. `in_rows` and `as_images` go from one to the other; neither copies an
array that lies in memory so already.

All that row h of y sees is in `size` rows of x. We copy these rows `size` times, each time shifted by one pixel, into a
strip; what row h sees is then a block of the strip, and needs no copy of its own::

    x  (height, channels, width, m)               strip  (height, size, channels, y_width, m)

    row 0   . . . . . .                           row 0   shift 0: . . . .   shift 1: . . . .   shift 2: . . . .
    row 1   . . . . . .   -- strips, size 3 -->   row 1   shift 0: . . . .   shift 1: . . . .   shift 2: . . . .
    row 2   . . . . . .                           row 2   shift 0: . . . .   shift 1: . . . .   shift 2: . . . .
    row 3   . . . . . .                           row 3   ...
                                                          row 0 of y sees rows 0 to 2 of the strip: a matrix with
                                                          size * size * channels rows and y_width * m columns
"""

from tinygan.backend import Array, get_array_module


def correlate(x: Array, weight: Array, stride: int, padding: int) -> Array:
    """Return y[:, h, v] = sum over i, j of x[:, h stride + i - padding, v stride + j - padding] weight[i, j].

    Parameters
    ----------
    x : ndarray of shape (m, height, width, n_in)
        It counts as 0 outside.
    weight : ndarray of shape (size, size, n_in, n_out)
    stride, padding : int

    Returns
    -------
    ndarray of shape (m, y_height, y_width, n_out)

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(4.0).reshape(1, 1, 4, 1)
    >>> correlate(np.concatenate([x, x], axis=1), np.ones((2, 2, 1, 1)), 1, 0)[0, :, :, 0]
    array([[ 2.,  6., 10.]])
    """
    xp, (size, _, _, n_out) = get_array_module(x, weight), weight.shape
    strip = _strips(_padded(in_rows(x), padding), size, stride)
    _, _, _, y_width, m = strip.shape
    y_height = (len(strip) - size) // stride + 1
    y = xp.empty((y_height, n_out, y_width, m), xp.result_type(x, weight))
    matrix = weight.reshape(-1, n_out).T  # (n_out, size size n_in)
    for h in range(y_height):
        xp.matmul(matrix, _seen(strip, h, size, stride), out=y[h].reshape(n_out, -1))
    return as_images(y)


def spread(grad_y: Array, weight: Array, stride: int, padding: int, shape: tuple[int, ...]) -> Array:
    """Return grad_x, where y = correlate(x, weight, stride, padding): each pixel of grad_y spreads over those it saw.

    It does what `correlate` does from the last line to the first, each line transposed: where that reads from a place,
    this adds to it.

    Parameters
    ----------
    grad_y : ndarray of shape (m, y_height, y_width, n_out)
    weight : ndarray of shape (size, size, n_in, n_out)
    stride, padding : int
    shape : tuple of int
        (m, height, width, n_in), the shape of x.

    Returns
    -------
    ndarray of shape (m, height, width, n_in)

    Examples
    --------
    >>> import numpy as np
    >>> spread(np.array([1.0, 10.0]).reshape(1, 1, 2, 1), np.ones((2, 2, 1, 1)), 1, 0, (1, 2, 3, 1))[0, :, :, 0]
    array([[ 1., 11., 10.],
           [ 1., 11., 10.]])
    """
    xp, (size, _, n_in, n_out) = get_array_module(grad_y, weight), weight.shape
    m, height, width, _ = shape
    grad_y = in_rows(grad_y)  # (y_height, n_out, y_width, m)
    y_height, _, y_width, _ = grad_y.shape
    dtype = xp.result_type(grad_y, weight)
    grad_strip = xp.zeros((height + 2 * padding, size, n_in, y_width, m), dtype)
    matrix = weight.reshape(-1, n_out)
    for h in range(y_height):
        grad_seen = _seen(grad_strip, h, size, stride)
        grad_seen += matrix @ grad_y[h].reshape(n_out, -1)
    grad_x = xp.zeros((height + 2 * padding, n_in, width + 2 * padding, m), dtype)
    for j in range(size):
        grad_x[:, :, j : j + stride * y_width : stride] += grad_strip[:, j]
    return as_images(xp.ascontiguousarray(grad_x[padding : padding + height, :, padding : padding + width]))


def weight_gradient(x: Array, grad_y: Array, size: int, stride: int, padding: int) -> Array:
    """Return grad_weight, where y = correlate(x, weight, stride, padding): what y saw, times grad_y, over all pixels.

    Parameters
    ----------
    x : ndarray of shape (m, height, width, n_in)
    grad_y : ndarray of shape (m, y_height, y_width, n_out)
    size, stride, padding : int

    Returns
    -------
    ndarray of shape (size, size, n_in, n_out)

    Examples
    --------
    >>> import numpy as np
    >>> x, grad_y = np.ones((1, 3, 3, 1)), np.ones((1, 2, 2, 1))
    >>> weight_gradient(x, grad_y, 2, 1, 0)[:, :, 0, 0]
    array([[4., 4.],
           [4., 4.]])
    """
    xp, n_in, n_out = get_array_module(x, grad_y), x.shape[3], grad_y.shape[3]
    strip, grad_y = _strips(_padded(in_rows(x), padding), size, stride), in_rows(grad_y)
    grad_matrix = xp.zeros((size * size * n_in, n_out), xp.result_type(x, grad_y))
    for h, grad_row in enumerate(grad_y):
        grad_matrix += _seen(strip, h, size, stride) @ grad_row.reshape(n_out, -1).T
    return grad_matrix.reshape(size, size, n_in, n_out)


def in_rows(x: Array) -> Array:
    """Return images as (height, channels, width, m); it copies unless they lie in memory so."""
    return get_array_module(x).ascontiguousarray(x.transpose(1, 3, 2, 0))


def as_images(y: Array) -> Array:
    """Return rows as images, (m, height, width, channels): a view."""
    return y.transpose(3, 0, 2, 1)


def _padded(x: Array, padding: int) -> Array:
    """Return x with zeros on all four sides."""
    if padding == 0:
        return x
    height, channels, width, m = x.shape
    y = get_array_module(x).zeros((height + 2 * padding, channels, width + 2 * padding, m), x.dtype)
    y[padding : padding + height, :, padding : padding + width] = x
    return y


def _strips(x: Array, size: int, stride: int) -> Array:
    """Return, for each row of x, its pixels shifted by 0, 1, ..., size - 1, every stride-th of them."""
    height, channels, width, m = x.shape
    y_width = (width - size) // stride + 1
    strip = get_array_module(x).empty((height, size, channels, y_width, m), x.dtype)
    for j in range(size):
        strip[:, j] = x[:, :, j : j + stride * y_width : stride]
    return strip


def _seen(strip: Array, h: int, size: int, stride: int) -> Array:
    """Return all that row h of y sees, as a matrix: a view."""
    _, shifts, channels, y_width, m = strip.shape
    return strip[h * stride : h * stride + size].reshape(size * shifts * channels, y_width * m)
