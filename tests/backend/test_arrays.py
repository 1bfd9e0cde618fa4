"""Look-alikes of arrays, at every door where an array may come in: refused, with what to pass instead."""

import warnings

import numpy as np
import pytest

from tinygan.adversarial import (
    NoisePrior,
    discriminator_loss,
    discriminator_step,
    generator_loss,
    generator_step,
    optimal_discriminator,
    pushforward_density,
    train,
)
from tinygan.adversarial.theory.value import discriminator_error, value_from_logits
from tinygan.backend.arrays import check_arrays
from tinygan.data import Gaussian, ScaledImages, marginal_mean, normalize_contrast, scale_to_unit
from tinygan.evaluation import ParzenWindow, nearest_neighbours, parzen_log_likelihood, search_bandwidth
from tinygan.gradcheck import check_functions, check_gradients, check_step
from tinygan.layers import Dropout, Linear, Maxout, Parameter, ReLU, Residual, Sequential, Tanh, marginal_bias, trace
from tinygan.optim import SGD
from tinygan.runs.checkpoint import save_checkpoint

X = np.random.default_rng(0).uniform(0.1, 0.9, (4, 4))
GRID = np.linspace(0, 1, 4)


class Foreign:
    """An array of another library: NumPy can read it, and its dtype is none of NumPy's."""

    dtype, ndim, shape = "float32", 2, (4, 4)

    def __len__(self):
        return 4

    def __array__(self, dtype=None, copy=None):
        return X


class Table(Foreign):
    """As in pandas, where a table can also be sampled."""

    def to_numpy(self):
        return X

    def sample(self, n):
        raise AssertionError


class Tensor(Foreign):
    """As in PyTorch."""

    def detach(self):
        return self


def matrix():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.matrix(X)


ALIKE = {
    "matrix": (matrix, r"numpy\.matrix; it takes an array of NumPy or CuPy, for example np\.asarray\({}\)"),
    "masked": (
        lambda: np.ma.array(X, mask=X > 0.5),
        r"numpy\.MaskedArray; .*, for example {}\.filled\(0\), if 0 is to",
    ),
    "table": (Table, r"\w+\.Table; .*, for example {}\.to_numpy\(\)"),
    "tensor": (Tensor, r"\w+\.Tensor; .*, for example {}\.detach\(\)\.cpu\(\)\.numpy\(\)"),
    "of another library": (Foreign, r"\w+\.Foreign; .*, for example np\.asarray\({}\)"),
}


def network():
    return Sequential(Linear(4, 4, rng=0, dtype=np.float64), Tanh())


def game(x):
    D, G = Linear(4, 1, rng=0), Linear(4, 4, rng=0)
    optimizers = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
    next(iter(train(D, G, x, NoisePrior("uniform", 4), n_iterations=1, rng=0, **optimizers)))


def steps(**arrays):
    D, G = Linear(4, 1, rng=0, dtype=np.float64), Linear(4, 4, rng=0, dtype=np.float64)
    if len(arrays) == 1:
        return generator_step(D, G, *arrays.values(), SGD(G.parameters, 0.1))
    return discriminator_step(D, G, arrays["x"], arrays["z"], SGD(D.parameters, 0.1))


# What the argument is called, and a call with one look-alike in it.
DOORS = {
    "layer": ("x", lambda x: ReLU()(x)),
    "layer in training": ("x", lambda x: Dropout(0.5).forward(x, rng=0)),
    "network": ("x", lambda x: network()(x)),
    "residual": ("x", lambda x: Residual(Maxout(1))(x)),
    "upstream gradient": ("grad_y", lambda x: network().backward(x, network().forward(X)[1])),
    "upstream gradient of weights": ("grad_y", lambda x: Linear(4, 4).backward_params(x, X)),
    "upstream gradient of Maxout": ("grad_y", lambda x: Maxout(1).backward_input(x, Maxout(1).forward(X)[1])),
    "parameter": ("data", lambda x: Parameter(x, "theta")),
    "trace": ("x", lambda x: trace(network(), x)),
    "marginal bias": ("mean", marginal_bias),
    "loss of D": ("logits_fake", lambda x: discriminator_loss(X[:, :1], x)),
    "loss of G": ("logits_fake", generator_loss),
    "step of D, x": ("x", lambda x: steps(x=x, z=X)),
    "step of D, z": ("x", lambda x: steps(x=X, z=x)),  # x of the first layer of G
    "step of G": ("x", lambda x: steps(z=x)),
    "train": ("x", game),
    "grid": ("x", lambda x: pushforward_density(Linear(1, 1, rng=0), NoisePrior("uniform", 1), x)),
    "density": ("p_data", lambda x: optimal_discriminator(x, X)),
    "target": ("target", lambda x: discriminator_error(GRID, x, GRID, GRID, GRID)),
    "logits on a grid": ("logits", lambda x: value_from_logits(x, GRID, GRID, GRID)),
    "distribution": ("x", lambda x: Gaussian(0, 1).pdf(x)),
    "images": ("images", ScaledImages),
    "images to scale": ("images", scale_to_unit),
    "images to normalise": ("images", normalize_contrast),
    "images to average": ("images", marginal_mean),
    "samples": ("samples", lambda x: ParzenWindow(x, 0.1)),
    "points": ("x", lambda x: ParzenWindow(X, 0.1).log_density(x)),
    "validation examples": ("validation", lambda x: search_bandwidth(X, x, [0.1, 0.2])),
    "bandwidths": ("bandwidths", lambda x: search_bandwidth(X, X, x)),
    "test examples": ("test", lambda x: parzen_log_likelihood(X, x, X)),
    "examples": ("examples", lambda x: nearest_neighbours(X, x)),
    "x to check at": ("x", lambda x: check_gradients(network(), x)),
    "x of a step to check": ("x", lambda x: check_step(Linear(4, 1), Linear(4, 4), x=x)),
    "z of a step to check": ("z", lambda x: check_step(Linear(4, 1), Linear(4, 4), z=x)),
    "argument of a function to check": (
        "w",
        lambda x: check_functions(affine_forward, affine_backward, {"x": X, "w": x}),
    ),
    "array to save": ("theta", lambda x: save_checkpoint("nowhere.npz", arrays={"theta": x}, state={})),
}


def affine_forward(x, w):
    return x @ w, (x, w)


def affine_backward(grad_y, cache):
    x, w = cache
    return grad_y @ w.T, x.T @ grad_y


@pytest.mark.parametrize(("name", "door"), DOORS.values(), ids=DOORS)
def test_a_look_alike_is_refused_at_every_door(name, door):
    for alike, words in ALIKE.values():
        with pytest.raises(TypeError, match=rf" got {name} of type {words.format(name)}"):
            door(alike())


def test_what_is_no_look_alike_is_left_to_the_door():
    check_arrays("nobody", a=X, b=X[0, 0], c=[1.0], d=3, e=None, f="words")


def test_a_file_mapped_into_memory_is_an_array(tmp_path):
    np.save(tmp_path / "x.npy", X)
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    np.testing.assert_array_equal(network()(x), network()(X))
    Parameter(x)


@pytest.mark.parametrize("data", [[1.0, 2.0], 3.0, None, np.float64(1)])
def test_a_parameter_is_made_of_an_array(data):
    with pytest.raises(TypeError, match=r"^Parameter got data of (type|dtype) "):
        Parameter(data)
