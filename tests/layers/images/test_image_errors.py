"""Wrong images and wrong settings: every error gives the numbers, and those that would fit."""

import numpy as np
from support.errors import assert_answered, wrong_input

from tinygan.layers import AveragePool2D, Conv2D, ConvTranspose2D, MaxPool2D, Reshape, Sequential

X = np.ones((4, 6, 6, 3), np.float32)


def backward(layer, x, grad_y):
    return layer.backward_input(grad_y, layer.forward(x)[1])


# fmt: off
CASES = [
    ("rows", lambda: Conv2D(3, 8, 5)(X.reshape(4, -1)), ValueError,
     r"^Conv2D\(3, 8, 5\) got x of shape \(4, 108\); it takes images \(m, height, width, 3\); "
     r"Reshape\(height, width, 3\) makes them of rows$"),
    ("channels first", lambda: Conv2D(3, 8, 5)(X.transpose(0, 3, 1, 2)), ValueError,
     r"it takes images \(m, height, width, 3\)\. Did you mean x\.transpose\(0, 2, 3, 1\)\?$"),
    ("grey images without channels", lambda: Conv2D(1, 8, 5)(X[..., 0]), ValueError,
     r"it takes images \(m, height, width, 1\)\. Did you mean x\[\.\.\., None\]\?$"),
    ("other channels", lambda: ConvTranspose2D(8, 3, 4, stride=2, padding=1)(X), ValueError,
     r"^ConvTranspose2D\(8, 3, 4, stride=2, padding=1\) got x of shape \(4, 6, 6, 3\); it takes images \(m, "),
    ("bytes", lambda: Conv2D(3, 8, 5)(X.astype(np.uint8)), TypeError,
     r"^Conv2D\(3, 8, 5\) got x of dtype uint8; it takes"),
    ("empty batch", lambda: Conv2D(3, 8, 5)(X[:0]), ValueError, r"\(0, 6, 6, 3\), an empty batch"),
    ("images smaller than the window", lambda: Conv2D(3, 8, 9, padding=1)(X), ValueError,
     r"^Conv2D\(3, 8, 9, padding=1\) got images of height or width 6; it takes images of at least 7 x 7$"),
    ("nothing left but padding", lambda: ConvTranspose2D(3, 1, 5, padding=4)(X[:, :3]), ValueError,
     r"^ConvTranspose2D\(3, 1, 5, padding=4\) got images of height or width 3; it takes images of at least 5 x 5$"),
    ("layers that do not fit", lambda: Sequential(Reshape(4, 4, 3), Conv2D(3, 8, 5)), ValueError,
     r"layer 1 does not fit on layer 0: Conv2D\(3, 8, 5\) got images of height or width 4; it takes images of at"),
    ("channels that do not fit", lambda: Sequential(Reshape(6, 6, 1), Conv2D(3, 8, 5)), ValueError,
     r"layer 1 does not fit on layer 0: Conv2D\(3, 8, 5\) takes images \(m, height, width, 3\), not \(m, 6, 6, 1\)$"),
    ("no stride", lambda: Conv2D(3, 8, 5, stride=0), ValueError, r"^Conv2D got stride=0; it takes an int >= 1$"),
    ("half a stride", lambda: ConvTranspose2D(3, 8, 5, stride=0.5), TypeError,
     r"^ConvTranspose2D got stride=0\.5; it takes an int >= 1$"),
    ("no size", lambda: Conv2D(3, 8, 0), ValueError, r"^Conv2D got size=0; it takes an int >= 1$"),
    ("two sizes", lambda: Conv2D(3, 8, (3, 3)), TypeError, r"^Conv2D got size=\(3, 3\); it takes an int >= 1$"),
    ("negative padding", lambda: Conv2D(3, 8, 5, padding=-1), ValueError,
     r"^Conv2D got padding=-1; it takes an int >= 0$"),
    ("padding above the kernel", lambda: Conv2D(3, 8, 5, padding=5), ValueError,
     r"^Conv2D got padding=5 and size=5, so that some windows would see nothing but padding; "
     r"it takes a padding of at most 4$"),
    ("bias of other channels", lambda: Conv2D(3, 8, 5, bias_shape=(2, 2, 3)), ValueError,
     r"^Conv2D got bias_shape=\(2, 2, 3\); it takes \(height, width, 8\)$"),
    ("bias of other images", lambda: Conv2D(3, 8, 5, bias_shape=(4, 4, 8))(X), ValueError,
     r"^Conv2D\(3, 8, 5, bias_shape=\(4, 4, 8\)\) returns images \(2, 2, 8\) for images \(6, 6, 3\); "
     r"it takes bias_shape=\(2, 2, 8\), or other images$"),
    ("half precision", lambda: Conv2D(3, 8, 5, dtype=np.float16), TypeError,
     r"^Conv2D got dtype float16; it takes float32"),
    ("images smaller than the pool", lambda: MaxPool2D(7)(X), ValueError,
     r"^MaxPool2D\(7, 7\) got images of height or width 6; it takes images of at least 7 x 7$"),
    ("rows to a pool", lambda: AveragePool2D(2)(X.reshape(4, -1)), ValueError,
     r"^AveragePool2D\(2, 2\) got x of shape \(4, 108\); it takes images \(m, height, width, channels\); "
     r"Reshape\(height, width, channels\) makes them of rows$"),
    ("a pool on rows", lambda: Sequential(Reshape(36, 3), MaxPool2D(2)), ValueError,
     r"layer 1 does not fit on layer 0: MaxPool2D\(2, 2\) takes images \(m, height, width, channels\)\. Did you"),
    ("pool without stride", lambda: MaxPool2D(2, 0), ValueError, r"^MaxPool2D got stride=0; it takes an int >= 1$"),
    ("grad_y of another pool", lambda: backward(MaxPool2D(2), X, X), ValueError,
     r"^MaxPool2D\(2, 2\) got grad_y of shape \(4, 6, 6, 3\), but the y of this cache has shape \(4, 3, 3, 3\)"),
    ("grad_y of another size", lambda: backward(Conv2D(3, 8, 5), X, X), ValueError,
     r"^Conv2D\(3, 8, 5\) got grad_y of shape \(4, 6, 6, 3\), but the y of this cache has shape \(4, 2, 2, 8\)"),
    ("cache of another layer", lambda: Conv2D(3, 8, 5).backward_params(X, np.ones((4, 6, 6, 2))), ValueError,
     r"^Conv2D\(3, 8, 5\) got a cache of shape \(4, 6, 6, 2\), where 3 belongs on axis 3; pass the one"),
]
# fmt: on


@wrong_input(CASES)
def test_wrong_images_are_answered_in_words_that_help(call, error, message):
    assert_answered(call, error, message)
