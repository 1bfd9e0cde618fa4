"""What a person should look at, and what needs no look."""

import pytest

from tinygan.lessons.catalog import find_exercise, lessons
from tinygan.lessons.exercise import Exercise
from tinygan.lessons.grading.needs_a_look import may_import, reason_to_look
from tinygan.lessons.script import Cell

RELU = find_exercise("relu_backward")


def look(code, exercise=RELU):
    return reason_to_look(exercise, [Cell("code", code)])


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def relu_backward(grad_y, x):\n    import os", "imports os"),
        ("import os\ndef relu_backward(grad_y, x):\n    os.getcwd()", "uses os"),
        ("import os as np\ndef relu_backward(grad_y, x):\n    np.getcwd()", "uses os"),
        ("from os import path as p\ndef relu_backward(grad_y, x):\n    p.join('a')", "uses os.path"),
        ("from tinygan.layers import ReLU\ndef relu_backward(grad_y, x):\n    ReLU()", "uses tinygan.layers.ReLU"),
        ("import tinygan\ndef relu_backward(grad_y, x):\n    tinygan.layers.ReLU()", "uses tinygan"),
        (
            "def relu_backward(grad_y, x):\n    from tinygan.lessons.catalog import find_exercise",
            "imports tinygan.lessons",
        ),
        ("def relu_backward(grad_y, x):\n    from . import exercises", "imports ..exercises"),
        ("def relu_backward(grad_y, x):\n    __import__('os')", "uses __import__"),
        ("def relu_backward(grad_y, x):\n    eval('1')", "uses eval"),
        ("def relu_backward(grad_y, x):\n    ().__class__.__subclasses__()", "uses __subclasses__"),
        ("import numpy as np\ndef relu_backward(grad_y, x):\n    np.load('x')", "uses load"),
        ("import numpy as np\ndef relu_backward(grad_y, x):\n    np.ctypeslib.ctypes", "uses ctypeslib"),
        ("import numpy as np\ndef relu_backward(grad_y, x):\n    np.allclose = None", "changes np.allclose"),
        ("import numpy.ctypeslib as c\ndef relu_backward(grad_y, x):\n    c.ctypes", "uses numpy.ctypeslib"),
        ("def helper(): eval('1')\ndef relu_backward(grad_y, x):\n    helper()", "uses eval"),
        ("class A:\n    y = open\ndef relu_backward(grad_y, x):\n    return A.y", "uses open"),
        ("relu_backward = lambda grad_y, x: exec('1')", "uses exec"),
        ("@eval\ndef relu_backward(grad_y, x): pass", "uses eval"),
        ("def relu_backward(grad_y, x=open('y')): pass", "uses open"),
        ("import collections\ndef relu_backward(grad_y, x):\n    collections._sys", "uses _sys"),
        ("from collections import _sys\ndef relu_backward(grad_y, x):\n    _sys", "uses collections._sys"),
        ("import dataclasses\ndef relu_backward(grad_y, x):\n    dataclasses.builtins", "uses builtins"),
        ("import enum\ndef relu_backward(grad_y, x):\n    enum.bltns.eval('1')", "uses eval"),
        ("if True:\n    import os as o\ndef relu_backward(grad_y, x):\n    o.getcwd()", "imports os"),
        ("try:\n    h = eval\nexcept E:\n    h = 1\ndef relu_backward(grad_y, x):\n    h('1')", "uses eval"),
        ("from numpy import *\ndef relu_backward(grad_y, x):\n    load('x')", "uses numpy.load"),
        (
            "def helper(): eval('1')\ndef relu_backward(grad_y, x):\n    (lambda helper: 1)(helper())",
            "uses eval",
        ),
    ],
)
def test_what_no_answer_needs_is_found(code, found):
    assert look(code).startswith(f"It {found}")


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\nfrom math import pi\ndef relu_backward(grad_y, x):\n    return np.sign(x) * pi",
        "import os\ndef other(): os.getcwd()\ndef relu_backward(grad_y, x):\n    return x",
        "import matplotlib.pyplot as plt\nfrom google.colab import drive\ndef relu_backward(grad_y, x):\n    return x",
        "from tinygan.lessons import NotYetWritten\ndef relu_backward(grad_y, x):\n    raise NotYetWritten('x')",
        "from tinygan.figures.lesson import picture\ndef relu_backward(grad_y, x):\n    picture = x\n    picture",
        "x = open('x')\ndef relu_backward(grad_y, x):\n    return x",
        "def relu_backward(grad_y, x):\n    vars = x\n    return vars",
        "class A:\n    def __init__(self): super().__init__()\ndef relu_backward(grad_y, x):\n    return A()",
        "def relu_backward(grad_y, x):\n    y = x.copy()\n    y[0] = 1\n    return y",
        "if",
    ],
)
def test_what_an_answer_may_use(code):
    assert look(code) == ""


@pytest.mark.parametrize("lesson", lessons().values(), ids=lambda lesson: lesson.name)
def test_no_solution_and_no_stub_needs_a_look(lesson):
    for exercise in lesson.exercises:
        assert reason_to_look(exercise, lesson.cells) == ""
        assert reason_to_look(exercise, lesson.stripped_cells) == ""


def test_an_exercise_may_allow_rooms_of_the_library():
    exercise = Exercise("step", ["loss"], lambda rng: {}, ["", "", ""], allowed=["tinygan.layers"])
    assert may_import(exercise, "tinygan.layers.Linear")
    assert may_import(exercise, "tinygan.layers")
    assert not may_import(exercise, "tinygan.layers_of_others")
    assert not may_import(exercise, "tinygan.optim.SGD")
    assert not look("import tinygan.layers\ndef step(): tinygan.layers.Linear", exercise)
