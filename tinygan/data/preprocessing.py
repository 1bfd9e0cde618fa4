"""Turn images of bytes into the rows of float32 that the networks see, one minibatch at a time."""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from tinygan.backend import Array, get_array_module, to_device, to_host
from tinygan.backend.arrays import check_arrays

# The shapes that images may have: any, grey, or grey or colour.
SHAPES = {
    "any": "(n, ...)",
    "grey": "(n, height, width)",
    "colour": "(n, height, width) or (n, height, width, 3)",
}

# Bytes up to this value are taken for another scale than 0 to 255: 0 and 1, or the 17 shades of scikit-learn's digits.
OWN_SCALE = 16

# A function from images of uint8, shape (m, ...), to one row of float32 for each image.
Preprocess: TypeAlias = Callable[[Array], Array]


def scale_to_unit(images: Array) -> Array:
    """Return the images as rows in [0, 1].

    Parameters
    ----------
    images : ndarray of uint8, shape (m, ...)
        0 is black, 255 white.

    Returns
    -------
    ndarray of float32, shape (m, n_pixels)

    See Also
    --------
    normalize_contrast : Rows of mean 0 and one norm, for CIFAR-10.

    Examples
    --------
    >>> scale_to_unit(np.array([[[0, 51], [255, 0]]], np.uint8))
    array([[0. , 0.2, 1. , 0. ]], dtype=float32)
    """
    return get_array_module(images).divide(_rows("scale_to_unit", images), 255, dtype=np.float32)


def normalize_contrast(images: Array, norm: float = 55.0) -> Array:
    """Return the images as rows of mean 0 and of the same L2 norm, as the paper's networks see CIFAR-10.

    Parameters
    ----------
    images : ndarray of uint8, shape (m, ...)
        The mean and the norm of an image are taken over all its pixels and channels together.
    norm : float
        The norm of every row, sqrt(sum of squares). An image of a single shade has no contrast and becomes zeros.

    Returns
    -------
    ndarray of float32, shape (m, n_numbers)

    Examples
    --------
    >>> normalize_contrast(np.array([[[0, 2], [2, 0]], [[7, 7], [7, 7]]], np.uint8), norm=2.0)
    array([[-1.,  1.,  1., -1.],
           [ 0.,  0.,  0.,  0.]], dtype=float32)
    """
    rows = _rows("normalize_contrast", images).astype(np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    norms = (rows**2).sum(axis=1, keepdims=True) ** 0.5
    norms[norms < 1e-8] = norm  # a difference that is only rounding
    return (rows * (norm / norms)).astype(np.float32)


def marginal_mean(images: Array) -> Array:
    """Return the mean of every pixel over all images, in [0, 1]; a recipe may begin the bias of G's output with it.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, ...)
        At least one.

    Returns
    -------
    ndarray of float64, shape (n_pixels,)

    Examples
    --------
    >>> marginal_mean(np.array([[[0, 255]], [[51, 255]]], np.uint8))
    array([0.1, 1. ])
    """
    rows = _rows("marginal_mean", images)
    return rows.sum(axis=0, dtype=np.int64) / (255.0 * len(rows))


class ScaledImages:
    """Images kept as bytes, a quarter of the memory of float32; an index or a slice returns rows of float32.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, ...)
        At least one. They are neither copied nor changed.
    preprocess : callable, optional
        Turns images into rows: `scale_to_unit`, `normalize_contrast`, or another function that does.

    Attributes
    ----------
    shape : tuple of int
        (n, n_numbers), the shape of all rows.
    dtype : dtype
        float32.

    Raises
    ------
    TypeError, ValueError
        If the images are not bytes, or there are none, or preprocess does not return one row of float32 an image.

    Examples
    --------
    >>> x = ScaledImages(np.array([[[0, 255]], [[51, 0]], [[255, 255]]], np.uint8))
    >>> len(x), x.shape
    (3, (3, 2))
    >>> x[np.array([2, 1])]
    array([[1. , 1. ],
           [0.2, 0. ]], dtype=float32)
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, images: Array, preprocess: Preprocess = scale_to_unit) -> None:
        self.images, self.preprocess = check_images("ScaledImages", images), preprocess
        row = preprocess(images[:1])
        if row.ndim != 2 or len(row) != 1 or row.dtype != self.dtype:
            raise ValueError(
                f"ScaledImages got a preprocess that turns one image into shape {row.shape} of {row.dtype}; "
                "it takes one that returns float32 of shape (m, n_numbers)"
            )
        self.shape = (len(images), row.shape[1])

    def on(self, device: str) -> "ScaledImages":
        """Return the same images on a device such as "cpu" or "gpu"; the rows are computed there as well."""
        images = to_device(self.images, device)
        return self if images is self.images else ScaledImages(images, self.preprocess)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, indices: Any) -> Array:
        """Return rows of float32: (m, n_numbers) for a slice or an array of indices, (n_numbers,) for one index."""
        if isinstance(indices, (int, np.integer)):
            return self.preprocess(self.images[indices][None])[0]
        return self.preprocess(self.images[indices])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return all rows, for `numpy.asarray`."""
        if copy is False:
            raise ValueError("ScaledImages has no array to share; it takes copy=None or True")
        return np.asarray(to_host(self[:]), dtype)

    def __repr__(self) -> str:
        return f"ScaledImages({len(self):,} images of {' x '.join(map(str, self.images.shape[1:]))})"


def check_images(what: str, images: Array, kind: str = "any") -> Array:
    """Return the images, or raise an error unless they are bytes of the shape that `SHAPES` states for the kind.

    Examples
    --------
    >>> check_images("faces.npy", np.zeros((2, 8, 8)), "grey")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    TypeError: faces.npy holds float64 of shape (2, 8, 8); it takes uint8 of shape (n, height, width), from 0 for ...
    """
    check_arrays(what, images=images)
    dtype = getattr(images, "dtype", type(images).__name__)
    shape = images.shape if hasattr(images, "shape") else np.shape(images)
    found = f"{what} holds {dtype} of shape {shape}"
    wanted = f"it takes uint8 of shape {SHAPES[kind]}, from 0 for black to 255 for white"
    if dtype != np.uint8:
        raise TypeError(f"{found}; {wanted}{_type_hint(images, dtype)}")
    fits = {"any": len(shape) >= 2, "grey": len(shape) == 3, "colour": len(shape) == 3 or (*shape[3:],) == (3,)}
    if not fits[kind] or 0 in shape:
        raise ValueError(f"{found}; {wanted}, with n >= 1{_shape_hint(shape, kind)}")
    if 0 < (brightest := int(images.max())) <= OWN_SCALE:
        factor = "255 * x" if brightest == 1 else f"(x * (255 / {brightest})).astype(np.uint8)"
        raise ValueError(
            f"{found}, but none above {brightest}, where 255 is white; if {brightest} is to be white, save {factor}"
        )
    return images


def _type_hint(images: Array, dtype: Any) -> str:
    if not isinstance(dtype, np.dtype) or dtype.kind not in "bfiu" or not images.size:
        return ""
    if dtype.kind == "b":
        return ". If True is white, save 255 * x.astype(np.uint8)"
    least, most = images.min(), images.max()
    if dtype.kind == "f" and least >= 0 and most <= 1:
        return ". If black is 0 and white 1, save (255 * x).round().astype(np.uint8)"
    return ". If these are such bytes, save x.astype(np.uint8)" if least >= 0 and 1 < most <= 255 else ""


def _shape_hint(shape: tuple[int, ...], kind: str) -> str:
    if kind == "any" or 0 in shape:
        return ""
    if len(shape) == 2 and (side := math.isqrt(shape[1])) ** 2 == shape[1] > 1:
        return f". If these are rows of {side} x {side} pixels, save x.reshape(-1, {side}, {side})"
    if len(shape) == 4 and shape[3] == 4:
        return ". To leave out a fourth channel, save x[..., :3]"
    if len(shape) == 4 and shape[1] in (1, 3):
        return ". If the second axis is that of colour, save x.transpose(0, 2, 3, 1)"
    if len(shape) == 4 and shape[3] == 3:
        return ". For grey, save x.mean(axis=-1).astype(np.uint8)"
    return ""


def _rows(function: str, images: Array) -> Array:
    check_arrays(function, images=images)
    return images.reshape(len(images), math.prod(images.shape[1:]))
