"""Wrong input to layers: every error names what it got and says what it takes."""

import numpy as np
from support.errors import assert_answered, wrong_input

from tinygan.layers import Dropout, LeakyReLU, Linear, Maxout, ReLU, Sequential, Sigmoid, Tanh, normal, trace, uniform

X = np.ones((4, 3), np.float32)


def cache_of(layer, x=X):
    return layer.forward(x, rng=0)[1]


# fmt: off
CASES = [
    # what a layer is given
    ("x too wide", lambda: Linear(2, 3)(X), ValueError, r"^Linear\(2, 3\) got x of shape \(4, 3\); it takes \(m, 2\)$"),
    ("x of images", lambda: Linear(784, 1)(np.ones((2, 28, 28), np.float32)), ValueError,
     r"^Linear\(784, 1\) got x of shape \(2, 28, 28\); it takes \(m, 784\)\. Did you mean x\.reshape\(len"),
    ("x of one dimension", lambda: Linear(3, 1)(X[0]), ValueError,
     r"got x of shape \(3,\); it takes \(m, 3\)\. Did you mean x\[None, :\]"),
    ("x of one dimension to ReLU", lambda: ReLU()(X[0]), ValueError,
     r"ReLU\(\) got x of shape \(3,\); it takes \(m, \.\.\.\)"),
    ("scalar x", lambda: Tanh()(np.float32(1)), ValueError, r"Tanh\(\) got x of shape \(\); it takes \(m, \.\.\.\)"),
    ("empty batch", lambda: Linear(3, 1)(X[:0]), ValueError,
     r"got x of shape \(0, 3\), an empty batch; it takes \(m, 3\)"),
    ("empty batch in training", lambda: Sigmoid().forward(X[:0]), ValueError, r"\(0, 3\), an empty batch; it takes"),
    ("integer x", lambda: Linear(3, 1)(X.astype(int)), TypeError, r"got x of dtype int64; it takes float32 or float64"),
    ("float16 x", lambda: ReLU()(X.astype(np.float16)), TypeError,
     r"ReLU\(\) got x of dtype float16; it takes float32"),
    ("object x", lambda: Maxout(3)(X.astype(object)), TypeError,
     r"Maxout\(3\) got x of dtype object; it takes float32"),
    ("complex x", lambda: Tanh()(X.astype(complex)), TypeError,
     r"got x of dtype complex128; it takes float32 or float64"),
    ("list as x", lambda: Linear(3, 1)([[1.0, 2.0, 3.0]]), TypeError,
     r"got x of type list; it takes an array of float32"),
    ("None as x", lambda: Sequential(ReLU())(None), TypeError, r"ReLU\(\) got x of type NoneType; it takes an array"),
    ("width not divisible", lambda: Maxout(2)(X), ValueError,
     r"^Maxout\(2\) got x of shape \(4, 3\); it takes \(m, 2 \* n_"),
    ("images to Maxout", lambda: Maxout(1)(X[..., None]), ValueError,
     r"Maxout\(1\) got x of shape \(4, 3, 1\); it takes"),
    ("no rng", lambda: Dropout(0.5).forward(X), ValueError,
     r"^Dropout\(0\.5\)\.forward got no rng, and dropout draws; "
     r"pass rng=np\.random\.default_rng\(seed\), or call layer\(x\) to evaluate$"),
    ("float as rng", lambda: Dropout(0.5).forward(X, rng=0.5), TypeError,
     r"^rng got 0\.5; it takes a numpy\.random\.Gen"),
    ("list to trace", lambda: trace(Linear(3, 1), [[1.0]]), TypeError,
     r"Linear\(3, 1\) got x of type list; it takes an"),
    # what a backward pass is given
    ("no cache", lambda: ReLU().backward_input(X, None), ValueError,
     r"^ReLU\(\) got a cache of type NoneType; pass the one"),
    ("no cache for Linear", lambda: Linear(3, 1).backward_params(X[:, :1], None), ValueError,
     r"cache of type NoneType; pass"),
    ("no cache for Maxout", lambda: Maxout(3).backward_input(X[:, :1], None), ValueError,
     r"cache of type NoneType; pass"),
    ("no cache for Dropout", lambda: Dropout(0.5).backward_input(X, None), ValueError,
     r"cache of type NoneType; pass the one"),
    ("cache of another batch", lambda: Linear(3, 1).backward(np.ones((5, 1), np.float32), cache_of(Linear(3, 1))),
     ValueError,
     r"got grad_y of shape \(5, 1\), but the y of this cache has shape \(4, 1\); is it the cache of another call\?"),
    ("cache of another layer", lambda: Sigmoid().backward_input(X[:, :1], cache_of(Sigmoid())), ValueError,
     r"^Sigmoid\(\) got grad_y of shape \(4, 1\), but the y of this cache has shape \(4, 3\)"),
    ("cache of a layer for Sequential", lambda: Sequential(ReLU(), Tanh()).backward_input(X, cache_of(ReLU())),
     ValueError,
     r"^Sequential of 2 layers got a cache of type ndarray; pass the one that its forward returned together with y"),
    ("cache of Sequential for a layer", lambda: ReLU().backward_input(X, cache_of(Sequential(ReLU()))), ValueError,
     r"^ReLU\(\) got a cache of type list; pass the one that its forward returned"),
    ("cache of a shorter Sequential",
     lambda: Sequential(ReLU(), Tanh()).backward_params(X, cache_of(Sequential(ReLU()))), ValueError,
     r"^Sequential of 2 layers got a cache of type list"),
    ("integer grad_y", lambda: Tanh().backward_input(X.astype(int), X), TypeError,
     r"got grad_y of dtype int64; it takes float"),
    ("list as grad_y", lambda: Tanh().backward_input([[1.0]], X), TypeError,
     r"got grad_y of type list; it takes an array"),
    # how a layer is built
    ("no columns in", lambda: Linear(0, 3), ValueError, r"^Linear got n_in=0; it takes an int >= 1$"),
    ("negative columns out", lambda: Linear(3, -1), ValueError, r"^Linear got n_out=-1; it takes an int >= 1$"),
    ("half a column", lambda: Linear(2.5, 3), TypeError, r"^Linear got n_in=2\.5; it takes an int >= 1$"),
    ("integer parameters", lambda: Linear(2, 3, dtype=int), TypeError,
     r"^Linear got dtype int64; it takes float32 or float64"),
    ("half precision", lambda: Linear(2, 3, dtype=np.float16), TypeError,
     r"^Linear got dtype float16; it takes float32 or"),
    ("zero pieces", lambda: Maxout(0), ValueError, r"^Maxout got n_pieces=0; it takes an int >= 1$"),
    ("pieces as float", lambda: Maxout(5.0), TypeError, r"^Maxout got n_pieces=5\.0; it takes an int >= 1$"),
    ("pieces as bool", lambda: Maxout(True), TypeError, r"^Maxout got n_pieces=True; it takes an int >= 1$"),
    ("negative rate", lambda: Dropout(-0.1), ValueError,
     r"^Dropout got rate=-0\.1; it takes a number in \[0, 1\)$"),
    ("rate 1", lambda: Dropout(1), ValueError, r"^Dropout got rate=1; it takes a number in \[0, 1\)"),
    ("NaN as rate", lambda: Dropout(float("nan")), ValueError, r"^Dropout got rate=nan; it takes a number in \[0, 1\)"),
    ("negative slope", lambda: LeakyReLU(-0.01), ValueError,
     r"^LeakyReLU got slope=-0\.01; it takes a number from 0 to 1$"),
    ("slope above 1", lambda: LeakyReLU(1.5), ValueError, r"^LeakyReLU got slope=1\.5; it takes a number from 0 to 1$"),
    ("negative range", lambda: uniform(-0.05), ValueError,
     r"^uniform got irange=-0\.05; it takes a finite number >= 0$"),
    ("NaN as deviation", lambda: normal(float("nan")), ValueError,
     r"^normal got std=nan; it takes a finite number >= 0$"),
    ("no layers", lambda: Sequential(), ValueError,
     r"^Sequential got no layers; it takes at least one, as in Sequential\(Lin"),
    ("list of layers", lambda: Sequential([ReLU(), Tanh()]), TypeError,
     r"^Sequential got \[ReLU\(\), Tanh\(\)\] as layer 0; it takes layers one by one, did you mean Seq"),
    ("layer class", lambda: Sequential(Linear(2, 3), ReLU), TypeError,
     r"^Sequential got .*ReLU.* as layer 1; it takes layers, did you mean ReLU\(\.\.\.\)\?"),
    ("function as layer", lambda: Sequential(np.tanh), TypeError,
     r"^Sequential got <ufunc 'tanh'> as layer 0; it takes layers"),
    ("layers that do not fit", lambda: Sequential(Linear(2, 3), ReLU(), Linear(4, 1)), ValueError,
     r"layer 2 does not fit on layer 1: Linear\(4, 1\) takes \(m, 4\), not \(m, 3\)"),
    ("pieces that do not fit", lambda: Sequential(Linear(2, 3), Maxout(2)), ValueError,
     r"layer 1 does not fit on layer 0: Maxout\(2\) takes \(m, 2 \* n_units\), not \(m, 3\)"),
    ("seed of a layer", lambda: Linear(2, 3, rng="0"), TypeError,
     r"^rng got '0'; it takes a numpy\.random\.Generator, an int"),
    ("number as initializer", lambda: Linear(2, 3, weight_init=0.05), TypeError,
     r"^Linear got 0\.05 as an initializer; it takes a function such as uniform\(0\.05\) or zeros$"),
    ("rate in words", lambda: Dropout("0.5"), TypeError, r"^Dropout got rate='0\.5'; it takes a number in \[0, 1\)$"),
    ("cache of a Linear of another width",
     lambda: Linear(3, 2, rng=0).backward_params(np.ones((4, 2)), cache_of(Linear(5, 2, rng=0), np.ones((4, 5)))),
     ValueError,
     r"^Linear\(3, 2\) got a cache of shape \(4, 5\), where 3 belongs on axis 1; pass the one"),
    ("cache of a Maxout of other pieces",
     lambda: Maxout(2).backward_input(np.ones((4, 1)), cache_of(Maxout(3))), ValueError,
     r"^Maxout\(2\) got a cache of shape \(2, 4, 1\), where 1 belongs on axis 0"),
    ("initializer of another shape", lambda: Linear(2, 3, bias_init=lambda shape, rng, dtype: np.zeros((1, 3), dtype)),
     ValueError, r"^Linear asked its initializer for shape \(3,\) and got \(1, 3\)$"),
]
# fmt: on


@wrong_input(CASES)
def test_wrong_input_is_answered_in_words_that_help(call, error, message):
    assert_answered(call, error, message)
