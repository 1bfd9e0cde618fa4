"""Layers: each states its own forward and backward pass."""

from tinygan.layers.activations import LeakyReLU, ReLU, Sigmoid, Tanh
from tinygan.layers.base import Layer
from tinygan.layers.batch_norm import BatchNorm, calibrate
from tinygan.layers.combinators import Columns, Fork, Residual
from tinygan.layers.contents import named_buffers, named_layers, named_parameters
from tinygan.layers.doors import check_input
from tinygan.layers.dropout import Dropout
from tinygan.layers.elementwise import Elementwise
from tinygan.layers.images import AveragePool2D, Conv2D, ConvTranspose2D, MaxPool2D
from tinygan.layers.initializers import constant, glorot, he, marginal_bias, normal, sparse_normal, uniform, zeros
from tinygan.layers.linear import Linear
from tinygan.layers.maxout import Maxout
from tinygan.layers.parameter import Buffer, Parameter
from tinygan.layers.reshape import Flatten, Reshape
from tinygan.layers.sequential import Combinator, Sequential
from tinygan.layers.trace import trace

__all__ = [
    "AveragePool2D",
    "BatchNorm",
    "Buffer",
    "Columns",
    "Combinator",
    "Conv2D",
    "ConvTranspose2D",
    "Dropout",
    "Elementwise",
    "Flatten",
    "Fork",
    "Layer",
    "LeakyReLU",
    "Linear",
    "MaxPool2D",
    "Maxout",
    "Parameter",
    "ReLU",
    "Reshape",
    "Residual",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "calibrate",
    "check_input",
    "constant",
    "glorot",
    "he",
    "marginal_bias",
    "named_buffers",
    "named_layers",
    "named_parameters",
    "normal",
    "sparse_normal",
    "trace",
    "uniform",
    "zeros",
]
