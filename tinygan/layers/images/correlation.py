"""Correlation of images with small kernels, its transpose and its weight gradient, by one matrix product a row.

Images are (m, height, width, channels) outside. Inside, they lie in memory as (height, channels, width, m): a row of
pixels is one block, and examples are its columns.

All that row h of y sees is in `size` rows of x. We copy every row `size` times into a strip, each time shifted by one
pixel. What row h sees is then a block of the strip, and needs no copy of its own::

    x  (height, channels, width, m)               strip  (height, size, channels, y_width, m)

    row 0   . . . . . .                           row 0   shift 0: . . . .   shift 1: . . . .   shift 2: . . . .
    row 1   . . . . . .   -- strips, size 3 -->   row 1   shift 0: . . . .   shift 1: . . . .   shift 2: . . . .
    row 2   . . . . . .                           row 2   shift 0: . . . .   shift 1: . . . .   shift 2: . . . .
    row 3   . . . . . .                           row 3   ...
                                                          row 0 of y sees rows 0 to 2 of the strip: a matrix with
                                                          3 * size * channels rows and y_width * m columns

Padding costs nothing but zeros at both ends of a strip: rows outside the image are left out of the products.

Where `by_dft` computes the same faster, each function lets it.
"""

from tinygan.backend import Array, get_array_module
from tinygan.layers.images import by_dft
from tinygan.layers.images.layout import as_images, in_rows, y_side


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
    if by_dft.pays(x, x.shape, weight.shape, stride, padding):
        return by_dft.correlate(x, weight, padding)
    xp, (size, _, _, n_out), (m, height, width, _) = get_array_module(x, weight), weight.shape, x.shape
    y_height, y_width = (y_side(side, size, stride, padding) for side in (height, width))
    strip = _strips(in_rows(x), size, stride, padding)
    y = xp.empty((y_height, n_out, y_width, m), xp.result_type(x, weight))
    for h in range(y_height):
        kernel_rows, rows = _rows_seen(h, height, size, stride, padding)
        matrix = weight[kernel_rows].reshape(-1, n_out)  # (len(rows) size n_in, n_out)
        xp.matmul(matrix.T, strip[rows].reshape(len(matrix), -1), out=y[h].reshape(n_out, -1))
    return as_images(y)


def spread(grad_y: Array, weight: Array, stride: int, padding: int, shape: tuple[int, ...]) -> Array:
    """Return grad_x, where y = correlate(x, weight, stride, padding): each pixel of grad_y spreads over those it saw.

    It does what `correlate` does from the last line to the first, each transposed. Row r of the strip gets all that it
    gave to rows of y in one product; then its `size` shifted copies go back to where they came from, and add up.

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
    if by_dft.pays(grad_y, shape, weight.shape, stride, padding):
        return by_dft.spread(grad_y, weight, padding, shape)
    xp, (size, _, n_in, n_out), (m, height, width, _) = get_array_module(grad_y, weight), weight.shape, shape
    _, y_height, y_width, _ = grad_y.shape
    grad_y, dtype = in_rows(grad_y), xp.result_type(grad_y, weight)
    grad_strip = xp.empty((height, size, n_in, y_width, m), dtype)
    columns = weight.transpose(1, 2, 0, 3)  # (size, n_in, kernel row, n_out)
    matrices: dict[tuple[int, int], Array] = {}  # few rows differ in what they need
    for r in range(height):
        first, stop = max(0, (r + padding - size) // stride + 1), min(y_height, (r + padding) // stride + 1)
        if first < stop:  # rows first, first + 1, ... of y saw row r, by rows i, i - stride, ... of the kernel
            i, n_rows = r + padding - first * stride, stop - first
            if (i, n_rows) not in matrices:
                matrices[i, n_rows] = columns[:, :, i::-stride][:, :, :n_rows].reshape(size * n_in, -1)
            rows = grad_y[first:stop].reshape(n_rows * n_out, -1)
            xp.matmul(matrices[i, n_rows], rows, out=grad_strip[r].reshape(size * n_in, -1))
        else:
            grad_strip[r] = 0
    grad_x = xp.zeros((height, n_in, width, m), dtype)
    for j in range(size):
        pixels, seen = _pixels_seen(j, width, y_width, stride, padding)
        grad_x[:, :, seen] += grad_strip[:, j, :, pixels]
    return as_images(grad_x)


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
    xp, (_, height, _, n_in), n_out = get_array_module(x, grad_y), x.shape, grad_y.shape[3]
    if by_dft.pays(x, x.shape, (size, size, n_in, n_out), stride, padding):
        return by_dft.weight_gradient(x, grad_y, size, padding)
    strip = _strips(in_rows(x), size, stride, padding)
    grad_weight = xp.zeros((size, size, n_in, n_out), xp.result_type(x, grad_y))
    for h, grad_row in enumerate(in_rows(grad_y)):
        kernel_rows, rows = _rows_seen(h, height, size, stride, padding)
        grad_matrix = grad_weight[kernel_rows].reshape(-1, n_out)
        grad_matrix += strip[rows].reshape(len(grad_matrix), -1) @ grad_row.reshape(n_out, -1).T
    return grad_weight


def _strips(x: Array, size: int, stride: int, padding: int) -> Array:
    """Return, for each row of x, its pixels shifted by 0, 1, ..., size - 1, every stride-th of them, and 0 outside."""
    height, channels, width, m = x.shape
    y_width = y_side(width, size, stride, padding)
    strip = get_array_module(x).empty((height, size, channels, y_width, m), x.dtype)
    for j in range(size):
        pixels, seen = _pixels_seen(j, width, y_width, stride, padding)
        strip[:, j, :, pixels] = x[:, :, seen]
        if padding:
            strip[:, j, :, : pixels.start] = strip[:, j, :, pixels.stop :] = 0
    return strip


def _rows_seen(h: int, height: int, size: int, stride: int, padding: int) -> tuple[slice, slice]:
    """Return the rows of the kernel that lie inside x for row h of y, and the rows of x that they meet."""
    top = h * stride - padding
    first, stop = max(0, -top), min(size, height - top)
    return slice(first, stop), slice(top + first, top + stop)


def _pixels_seen(j: int, width: int, y_width: int, stride: int, padding: int) -> tuple[slice, slice]:
    """Return the pixels in a row of y for which column j of the kernel lies inside x, and those of x that it meets."""
    left = j - padding
    first = max(0, -(left // stride))
    stop = max(first, min(y_width, (width - 1 - left) // stride + 1))
    return slice(first, stop), slice(first * stride + left, stop * stride + left, stride)
