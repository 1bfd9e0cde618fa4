"""What `correlation` computes, for stride 1, by Fourier transforms: faster for large kernels, and otherwise the same.

The discrete Fourier transform turns a correlation into products, one a frequency:

Y_uv = conj(K_uv)^T X_uv,   grad_X_uv = K_uv grad_Y_uv,   grad_K_uv = X_uv conj(grad_Y_uv)^T,

where X_uv (n_in, m), Y_uv (n_out, m) and K_uv (n_in, n_out) are complex matrices, and the pair (u, v) counts the
frequencies along height and width. The transforms are over height + padding and width + padding pixels, on a circle. A
window that hangs over one edge meets the padding, and so does one that hangs over the other.

Images are small. So the fastest transform is a matrix product with cosines and sines, and a complex number is two real
ones. The height is transformed first: of real numbers, half of the frequencies tell all.
"""

from functools import lru_cache

import numpy as np

from tinygan.backend import Array, get_array_module
from tinygan.layers.images.layout import y_side

# How fast the shorter products here run, relative to those of the direct form: measured on kernels of 3 to 8 pixels.
SPEED = 0.5


def pays(x: Array, shape: tuple[int, ...], weight_shape: tuple[int, ...], stride: int, padding: int) -> bool:
    """Return whether the Fourier form is faster: on the host, for stride 1, where it needs fewer multiplications.

    Parameters
    ----------
    x : ndarray
        Tells the device.
    shape, weight_shape : tuple of int
        (m, height, width, n_in) and (size, size, n_in, n_out).
    stride, padding : int

    Examples
    --------
    >>> x = np.empty(0)
    >>> pays(x, (128, 16, 16, 32), (8, 8, 32, 64), 1, 3), pays(x, (128, 16, 16, 32), (3, 3, 32, 64), 1, 1)
    (True, False)
    """
    if stride != 1 or get_array_module(x) is not np:
        return False
    (m, height, width, n_in), (size, _, _, n_out) = shape, weight_shape
    y_height, y_width = y_side(height, size, 1, padding), y_side(width, size, 1, padding)
    u, v = (height + padding) // 2 + 1, width + padding

    def transform(n_rows: int, n_columns: int, n: int) -> int:
        return 2 * u * n_rows * n_columns * n + 4 * u * v * n_columns * n

    transforms = transform(height, width, n_in * m) + transform(y_height, y_width, n_out * m)
    ours = transforms + transform(size, size, n_in * n_out) + 4 * u * v * n_in * n_out * m
    direct = size * size * n_in * n_out * y_height * y_width * m * (1 + 8 / n_out)  # narrow ones are slower
    return ours < SPEED * direct


def correlate(x: Array, weight: Array, padding: int) -> Array:
    """Return what `correlation.correlate` returns with stride 1.

    Examples
    --------
    >>> x = np.arange(4.0).reshape(1, 1, 4, 1)
    >>> correlate(np.concatenate([x, x], axis=1), np.ones((2, 2, 1, 1)), 0)[0, :, :, 0].round(9)
    array([[ 2.,  6., 10.]])
    """
    _, height, width, _ = x.shape
    lengths, size = (height + padding, width + padding), len(weight)
    y_sides = y_side(height, size, 1, padding), y_side(width, size, 1, padding)
    kernels = _matrices(_spectrum(weight, lengths, -padding), conjugate=True)
    return _as_images(_inverse(_complex(kernels @ _columns(_spectrum(_in_pixels(x), lengths))), lengths, y_sides))


def spread(grad_y: Array, weight: Array, padding: int, shape: tuple[int, ...]) -> Array:
    """Return what `correlation.spread` returns with stride 1."""
    _, height, width, _ = shape
    lengths = (height + padding, width + padding)
    kernels = _matrices(_spectrum(weight, lengths, -padding).swapaxes(3, 4), conjugate=False)
    return _as_images(
        _inverse(_complex(kernels @ _columns(_spectrum(_in_pixels(grad_y), lengths))), lengths, (height, width))
    )


def weight_gradient(x: Array, grad_y: Array, size: int, padding: int) -> Array:
    """Return what `correlation.weight_gradient` returns with stride 1."""
    _, height, width, n_in = x.shape
    lengths = (height + padding, width + padding)
    x_columns, y_columns = (_columns(_spectrum(_in_pixels(images), lengths)) for images in (x, grad_y))
    pairs = (x_columns @ y_columns.swapaxes(2, 3)).reshape(*x_columns.shape[:2], 2, n_in, 2, -1)
    real = pairs[:, :, 0, :, 0] + pairs[:, :, 1, :, 1]
    imaginary = pairs[:, :, 1, :, 0] - pairs[:, :, 0, :, 1]
    return _inverse(np.stack([real, imaginary], axis=2), lengths, (size, size), -padding)


def _in_pixels(x: Array) -> Array:
    """Return images as (height, width, channels, m)."""
    return np.ascontiguousarray(x.transpose(1, 2, 3, 0))


def _as_images(y: Array) -> Array:
    """Return pixels as images, (m, height, width, channels): a view."""
    return y.transpose(3, 0, 1, 2)


def _spectrum(x: Array, lengths: tuple[int, int], start: int = 0) -> Array:
    """Return the transform of x (height, width, a, b), which begins at `start`: (u, v, 2, a, b), real parts first."""
    height, width, a, b = x.shape
    along_height, _ = _waves(lengths[0], height, start, x.dtype.char)
    _, along_width = _waves(lengths[1], width, start, x.dtype.char)
    half = (along_height @ x.reshape(height, -1)).reshape(-1, 2 * width, a * b)
    return (along_width @ half).reshape(-1, lengths[1], 2, a, b)


def _inverse(spectrum: Array, lengths: tuple[int, int], sides: tuple[int, int], start: int = 0) -> Array:
    """Return the pixels from `start` on, (*sides, a, b), whose transform this is."""
    n_u, n_v, _, a, b = spectrum.shape
    along_height, _ = _waves(lengths[0], sides[0], start, spectrum.dtype.char)
    _, along_width = _waves(lengths[1], sides[1], start, spectrum.dtype.char)
    half = along_width.T @ spectrum.reshape(n_u, 2 * n_v, a * b)  # (u, 2 width, a b)
    share = np.full((n_u, 2, 1), 2 / (lengths[0] * lengths[1]), spectrum.dtype)  # u stands for length - u as well,
    share[0] /= 2  # but for the constant
    if lengths[0] % 2 == 0:
        share[-1] /= 2  # and for the fastest
    weighted = along_height * share.reshape(-1, 1)
    return (weighted.T @ half.reshape(2 * n_u, -1)).reshape(*sides, a, b)


def _columns(spectrum: Array) -> Array:
    """Return for each frequency one real matrix (2 a, b) for the complex one (a, b)."""
    n_u, n_v, _, a, b = spectrum.shape
    return spectrum.reshape(n_u, n_v, 2 * a, b)


def _complex(columns: Array) -> Array:
    """Return what `_columns` was given."""
    n_u, n_v, twice_a, b = columns.shape
    return columns.reshape(n_u, n_v, 2, twice_a // 2, b)


def _matrices(kernels: Array, *, conjugate: bool) -> Array:
    """Return for each frequency the real matrix (2 b, 2 a) that multiplies by the transpose of a complex one (a, b)."""
    n_u, n_v, _, a, b = kernels.shape
    real, imaginary = kernels[:, :, 0].swapaxes(2, 3), kernels[:, :, 1].swapaxes(2, 3)
    made = np.empty((n_u, n_v, 2, b, 2, a), kernels.dtype)
    made[:, :, 0, :, 0] = made[:, :, 1, :, 1] = real
    made[:, :, 0, :, 1] = imaginary if conjugate else -imaginary
    made[:, :, 1, :, 0] = -imaginary if conjugate else imaginary
    return made.reshape(n_u, n_v, 2 * b, 2 * a)


@lru_cache(maxsize=256)
def _waves(length: int, n: int, start: int, dtype: str) -> tuple[Array, Array]:
    """Return the matrices that transform n numbers, which begin at `start` on a circle of `length`.

    The first takes real numbers to the real and imaginary parts of half of the frequencies, (2 n_half, n). The second
    takes real and imaginary parts to those of all frequencies, (2 length, 2 n).
    """
    angle = 2 * np.pi / length * np.outer(np.arange(length), np.arange(n) + start)
    cos, sin = np.cos(angle), np.sin(angle)
    from_real = np.stack([cos, -sin], axis=1)[: length // 2 + 1].reshape(-1, n)
    from_complex = np.stack([np.stack([cos, sin], axis=1), np.stack([-sin, cos], axis=1)], axis=1)
    return from_real.astype(dtype), from_complex.reshape(2 * length, 2 * n).astype(dtype)
