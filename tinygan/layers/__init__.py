"""Layers: each states its own forward and backward pass."""

from tinygan.layers.activations import LeakyReLU, ReLU, Sigmoid, Tanh
from tinygan.layers.base import Layer
from tinygan.layers.dropout import Dropout
from tinygan.layers.initializers import constant, glorot, he, marginal_bias, normal, sparse_normal, uniform, zeros
from tinygan.layers.linear import Linear
from tinygan.layers.maxout import Maxout
from tinygan.layers.parameter import Parameter
from tinygan.layers.sequential import Sequential
from tinygan.layers.trace import trace

__all__ = [
    "Dropout",
    "Layer",
    "LeakyReLU",
    "Linear",
    "Maxout",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "constant",
    "glorot",
    "he",
    "marginal_bias",
    "normal",
    "sparse_normal",
    "trace",
    "uniform",
    "zeros",
]
