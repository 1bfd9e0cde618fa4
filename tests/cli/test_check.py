"""tinygan check, on files made for it: right layers, wrong ones, and all that can keep a check from running."""

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from support import cs231n

from tinygan.cli import main

HEAD = "import numpy as np\nfrom tinygan.layers import Layer, Linear, Parameter, ReLU\n"

DOUBLE = """
class Double(Layer):
    def forward(self, x, *, rng=None):
        return 2 * x, None

    def backward_input(self, grad_y, cache):
        return 2 * grad_y
"""

SCALE = """
class Scale(Layer):
    def __init__(self, n_units, activation="none"):
        self.gain = Parameter(np.ones(n_units), "gain")
        self.parameters = (self.gain,)

    def forward(self, x, *, rng=None):
        return x * self.gain.data, x

    def backward_input(self, grad_y, cache):
        return grad_y * self.gain.data

    def backward_params(self, grad_y, cache):
        self.gain.accumulate((grad_y * cache).sum(axis=0))
"""


@pytest.fixture
def check(tmp_path, capsys):
    """Return a function that checks a file of some source, and returns the exit status, stdout and stderr."""

    def check(source, *words, name="my_layers.py", only=""):
        (tmp_path / name).write_text(textwrap.dedent(source))
        status = main(["check", f"{tmp_path / name}{only}", *words])
        assert not list(tmp_path.rglob("__pycache__"))
        return status, *capsys.readouterr()

    return check


def line_of(source, words):
    """Return the number of the line of a source that holds some words."""
    (number,) = [i for i, line in enumerate(source.splitlines(), 1) if words in line]
    return number


def test_right_layers_pass(check):
    status, out, err = check(HEAD + DOUBLE + SCALE)
    assert (status, err) == (0, "")
    assert out.splitlines()[0].startswith("Double: right (x; relative error at most ")
    assert out.splitlines()[1].startswith("Scale: right (x, gain; relative error at most ")
    assert out.splitlines()[2:] == ["2 right"]


def test_right_functions_pass(check):
    status, out, err = check(cs231n.RIGHT)
    assert (status, err) == (0, "")
    assert [line.partition(": right (")[0] for line in out.splitlines()] == [*cs231n.NAMES, "7 right"]


@pytest.mark.parametrize("name", cs231n.WRONG)
def test_wrong_functions_are_named(name, check):
    old, new, pair, tensor, code = cs231n.WRONG[name]
    assert cs231n.RIGHT.count(old) == 1
    source = cs231n.RIGHT.replace(old, new)
    status, out, _ = check(source, "--json", only=f":{pair}")
    (found,) = json.loads(out)["checks"]
    assert (status, found["status"]) == (1, "wrong")
    assert [row["tensor"] for row in found["report"]["rows"] if row["verdict"] != "right"] == [tensor]
    suspect = found["report"]["suspects"][0]
    assert suspect["tensor"] == tensor
    assert code in (None, suspect["code"])
    backward = pair.replace("_naive", "") + "_backward" + "_naive" * pair.endswith("_naive")
    line = (
        line_of(source, new.strip()) if pair in ("affine", "relu", "dropout") else line_of(source, f"def {backward}(")
    )
    assert suspect["where"].endswith(f"my_layers.py:{line}")


def test_a_wrong_layer_gets_its_suspect_and_the_line_and_the_right_one_beside_it_a_line(check):
    source = HEAD + DOUBLE + SCALE.replace("sum(axis=0)", "mean(axis=0)")
    status, out, err = check(source)
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert lines[0].startswith("Double: right")
    assert lines[1] == "Scale: wrong"
    assert lines[2].startswith("  extra_mean: the gradient of gain is m times too small")
    assert lines[-4].endswith(f"my_layers.py:{line_of(source, '.mean(axis=0)')}")
    assert lines[-3] == "      self.gain.accumulate((grad_y * cache).mean(axis=0))"
    assert lines[-2] == "  Checked with n_units 4, x (5, 4)."
    assert lines[-1] == "1 right, 1 wrong"
    assert len(lines) < 10
    _, out, _ = check(source, "-v")
    assert "tensor  shape" in out
    assert "  1. extra_mean: the gradient of gain" in out


def test_a_remark_is_said_and_the_exit_status_is_0(check):
    source = cs231n.RIGHT.replace("    db = dout.sum(axis=0)", "    db = dout.sum(axis=0, keepdims=True)", 1)
    status, out, _ = check(source, "--only", "affine")
    assert status == 0
    assert out.startswith("affine: right, but\n  the gradient of b has shape (1, 4), and b has (4,)")
    assert out.endswith("\n1 right with a remark\n")
    assert "shape (1, 4)" in check(source, "--only", "affine", "-q")[1]
    (found,) = json.loads(check(source, "--only", "affine", "--json")[1])["checks"]
    assert (found["status"], found["report"]["ok"], found["report"]["outcome"]) == ("right, but", True, "right, but")
    assert [remark["code"] for remark in found["report"]["remarks"]] == ["other_shape"]


def test_one_thing_is_checked_on_request(check):
    for words, only in ((("--only", "Scale"), ""), ((), ":Scale")):
        status, out, _ = check(HEAD + DOUBLE + SCALE, *words, only=only)
        assert (status, out.splitlines()[-1]) == (0, "1 right")
        assert "Double" not in out
    status, _, err = check(HEAD + DOUBLE, "--only", "Triple")
    assert (status, "has no Triple to check; it has Double" in err) == (2, True)


def test_quiet_says_nothing_of_what_is_right(check):
    assert check(HEAD + DOUBLE, "-q") == (0, "", "")
    status, out, _ = check(HEAD + DOUBLE + SCALE.replace("sum(axis=0)", "mean(axis=0)"), "-q")
    assert status == 1
    assert out.startswith("Scale: wrong\n")
    assert "right, " not in out


def test_a_terminal_gets_colour(check, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    _, out, _ = check(HEAD + DOUBLE + SCALE.replace("* cache", "* 1"))
    assert "\x1b[36mDouble: right\x1b[0m (" in out
    assert "\x1b[33mScale: wrong\x1b[0m\n" in out
    assert out.endswith("\x1b[33m1 right, 1 wrong\x1b[0m\n")


def test_what_the_file_prints_is_held_back_but_for_v(check):
    source = (
        HEAD
        + "print('loud')\n"
        + DOUBLE.replace("        return 2 * x", "        print('louder')\n        return 2 * x")
    )
    status, out, err = check(source, "--json")
    found = json.loads(out)
    assert (status, found["ok"], found["error"]) == (0, True, None)
    assert [(c["name"], c["status"], c["message"]) for c in found["checks"]] == [("Double", "right", "")]
    assert found["checks"][0]["report"]["rows"][0]["shape"] == [5, 4]
    assert err == ""
    assert "loud" not in check(source)[1]
    assert check(source, "-v")[2].startswith("loud\nlouder\n")


def test_json_has_no_infinity(check):
    def refuse(word):
        raise AssertionError(word)

    _, out, _ = check(HEAD + DOUBLE.replace("2 * grad_y", "grad_y[:, :1]"), "--json")
    assert json.loads(out, parse_constant=refuse)["ok"] is False


def test_json_holds_the_error_of_what_cannot_run(check):
    status, out, err = check("from . import nothing_of_this_name\n", "--json")
    found = json.loads(out)
    assert (status, err, found["ok"], found["checks"]) == (2, "", False, [])
    assert "my_layers.py:1: ImportError: attempted relative import" in found["error"]


def test_the_tolerance_and_the_seed_are_heard(check):
    slightly_wrong = HEAD + DOUBLE.replace("return 2 * grad_y", "return 2.001 * grad_y")
    assert check(slightly_wrong, "-q")[0] == 1
    assert check(slightly_wrong, "-q", "--tolerance", "0.01")[0] == 0
    mask = """
class Drop(Layer):
    def forward(self, x, *, rng=None):
        mask = rng.random(x.shape) > 0.5
        print(int(mask.sum()), float(x[0, 0]))
        return x * mask, mask

    def backward_input(self, grad_y, cache):
        return grad_y * cache
"""
    printed = [check(HEAD + mask, "-v", "--seed", seed)[2] for seed in ("1", "1", "2")]
    assert printed[0] == printed[1] != printed[2]


@pytest.mark.parametrize("words", [["--seed", "-1"], ["--tolerance", "0"], []])
def test_wrong_words_are_refused(words, capsys):
    with pytest.raises(SystemExit) as end:
        main(["check", *(["x.py"] if words else []), *words])
    assert end.value.code == 2


@pytest.mark.parametrize("name", ["linear", "maxout", "dropout", "activations"])
def test_our_own_layers_pass(name, capsys):
    assert main(["check", f"tinygan.layers.{name}", "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_all_of_our_layers_pass_and_a_network_is_checked_with_a_small_one(capsys):
    assert main(["check", "tinygan.layers"]) == 0
    out = capsys.readouterr().out
    assert "Sequential: right (x, 0.weight, 0.bias, 2.weight, 2.bias; relative error at most " in out
    assert out.endswith("\n18 right\n")


NETWORKS = """
from tinygan.layers import Sequential
class Plain(Sequential):
    pass
class Turned(Sequential):
    def backward_input(self, grad_y, cache):
        return -super().backward_input(grad_y, cache)
class Sized(Sequential):
    def __init__(self, n_in, n_out):
        super().__init__(Linear(n_in, 3, rng=0), ReLU(), Linear(3, n_out, rng=1))
"""


def test_networks_of_ones_own_are_checked_as_their_constructor_builds_them(check):
    status, out, _ = check(HEAD + NETWORKS)
    assert status == 1
    assert "Plain: right (x, 0.weight, " in out
    assert "Turned: wrong\n  sign: the gradient of x is right but for its sign" in out
    assert "Sized: right (x, 0.weight, " in out


def test_layers_as_arguments_have_to_be_given(check):
    source = HEAD + "class Net(Layer):\n    def __init__(self, *layers):\n        self.layers = layers[0], layers\n"
    status, out, _ = check(source + DOUBLE.partition(":\n")[2])
    assert status == 2
    assert "Net: not checked. " in out
    assert "        return cls(...), np.random.default_rng(0).normal(size=(5, 4))\n" in out


# What keeps a file from being checked at all, the part of the target after it, and what is said.
HOPELESS = {
    "no python": ("This is a letter.\n", "", "my_layers.py:1: SyntaxError: invalid syntax"),
    "bytes": ("x = '\0'\n", "", "null bytes"),
    "import fails": ("x = 1\n\nx.y\n", "", "my_layers.py:3: AttributeError: 'int' object has no attribute 'y'"),
    "exit": ("import sys\nsys.exit(3)\n", "", "my_layers.py:2: SystemExit: 3"),
    "nothing": (
        HEAD + "def helper(x):\n    return x\n",
        "",
        "my_layers.py defines nothing to check: neither a class with forward and backward, nor",
    ),
    "no layer": ("class Net:\n    def forward(self, x):\n        pass\n", "", "Net would need a method backward"),
    "not there": (HEAD + DOUBLE, ":Triple", "my_layers.py has no Triple to check; it has Double"),
    "recursion": ("x = [0]\nx.append(x)\nx == [0, [0, x]]\n", "", "defines nothing"),
}


@pytest.mark.parametrize("name", HOPELESS)
def test_what_cannot_be_read_is_refused_with_one_message(name, check):
    source, only, words = HOPELESS[name]
    status, out, err = check(source, only=only)
    assert (status, out) == (2, "")
    assert err.startswith("tinygan check: error: ")
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nowhere.py", "there is no file nowhere.py, seen from "),
        ("no_such_module", "there is no module no_such_module, seen from "),
        ("tinygan.layers.no_such", "there is no module tinygan.layers.no_such"),
        ("json", "defines nothing to check"),
        ("sys", "defines nothing to check"),
        ("a b", "'a b' is neither a file, such as my_layers.py, nor a module"),
        ("./", "./ is a folder; give one of its files"),
        ("notes.txt", "notes.txt is not a Python file"),
    ],
)
def test_what_is_not_there_is_refused(target, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    assert main(["check", target]) == 2
    assert words in capsys.readouterr().err


SHOWN = "        return 2 * x, None\n"
# What is wrong in a file with a layer and the right Double: exit status, and what is said of it.
PARTLY = {
    "no cache": (SHOWN, "        return 2 * x\n", 2, "returned ndarray; it takes a pair, (y, cache)"),
    "integers": (SHOWN, "        return x.astype(int), None\n", 2, "returned y of int64; it takes an array of floats"),
    "not finite": (SHOWN, "        return x / 0, None\n", 2, "forward returns NaN or infinite values"),
    "global draws": (SHOWN, "        return x * np.random.rand(), None\n", 2, "forward returns two results"),
    "forward raises": (SHOWN, "        raise KeyError('k')\n", 2, "my_layers.py:6: KeyError: 'k'"),
    "forward exits": (SHOWN, "        exit(1)\n", 2, "my_layers.py:6: SystemExit: 1"),
    "forward recurses": (SHOWN, "        return self.forward(x)\n", 2, "my_layers.py:6: RecursionError"),
    "to do": (SHOWN, "        raise NotImplementedError\n", 2, "my_layers.py:6: NotImplementedError\n"),
    "no rng": ("(self, x, *, rng=None)", "(self, x)", 2, "unexpected keyword argument 'rng'"),
    "backward raises": ("2 * grad_y", "2 / 0", 1, "backward raises. {}my_layers.py:9: ZeroDivisionError: division by"),
    "backward to do": ("return 2 * grad_y", "raise NotImplementedError", 2, "my_layers.py:9: NotImplementedError"),
    "wrong shape": ("2 * grad_y", "2 * grad_y.T", 1, "transposed: the gradient of x is the transpose"),
    "no gradient": ("2 * grad_y", "None", 1, "zero: there is no gradient of x at all"),
    "no backward": ("backward_input", "backward_", 2, "Double has no Double.backward_input"),
}


@pytest.mark.parametrize("name", PARTLY)
def test_what_cannot_be_checked_does_not_stop_the_rest(name, check, tmp_path):
    old, new, status, words = PARTLY[name]
    source = HEAD + DOUBLE.replace(old, new) + DOUBLE.replace("Double", "Other")
    found, out, err = check(source)
    assert (found, err) == (status, "")
    assert words.format(f"{tmp_path}/") in out
    assert "\nOther: right (x; " in out
    assert "Traceback" not in out
    assert out.endswith({1: "1 right, 1 wrong\n", 2: "1 right, 1 not checked\n"}[status])


def test_what_has_kinks_everywhere_is_not_called_right(check):
    source = "class Flat(ReLU):\n    def check_inputs():\n        return Flat(), np.zeros((2, 3))\n"
    status, out, _ = check(HEAD + source)
    assert status == 2
    assert "Flat: not checked. " in out
    assert "every entry is at a kink or lost in noise. If it is right that only some inputs do" in out


def test_a_wrong_gradient_outranks_what_could_not_be_checked(check):
    source = (
        HEAD + DOUBLE.replace("2 * grad_y", "-2 * grad_y") + DOUBLE.replace("Double", "B").replace("2 * x", "2 / 0")
    )
    status, out, _ = check(source)
    assert status == 1
    assert out.endswith("1 wrong, 1 not checked\n")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def lone_forward(x):\n    return x, None\n", "lone_forward has no lone_backward"),
        ("def lone_backward(dout, cache):\n    return dout\n", "lone_backward has no lone_forward"),
        (
            "def f_forward(x):\n    return x['a'], 0\ndef f_backward(dout, cache):\n    return dout\n",
            "boolean arrays are valid indices. No inputs that were tried suit it. Say what to check f with:\n"
            "    def check_inputs_f():\n"
            "        rng = np.random.default_rng(0)\n"
            "        return {'x': rng.normal(size=(5, 4))}\n",
        ),
        (
            "def f_forward(x):\n    return x, 0\ndef f_backward(dout, cache):\n    return dout + {}\n",
            "backward raises. {}my_layers.py:4: TypeError: unsupported operand",
        ),
        (
            "def f_forward(x, w):\n    return x @ w, w\ndef f_backward(dout, w):\n    return dout @ w.T\n",
            "f: right, but\n  backward gives no gradient of w, which forward computes with",
        ),
        ("def f_forward(x):\n    pass\ndef f_backward(dout, cache):\n    pass\n", "nothing is written yet"),
        (
            "import numpy as np\ndef f_forward(x):\n    return x, 0\ndef f_backward(dout, cache):\n    return dout\n"
            "def check_inputs_f():\n    return np.ones((2, 3), int)\n",
            "f_forward got no array of floats, so nothing has a gradient: x is an array of int64",
        ),
    ],
)
def test_what_is_said_of_functions_that_cannot_be_checked(source, words, check, tmp_path):
    status, out, _ = check(source)
    assert status == (1 if "backward raises" in words else 0 if "right" in words else 2)
    assert words.replace("{}", f"{tmp_path}/") in out


STATED = {
    "layer and x": ("return cls(3), np.ones((2, 3))", "Scale: right (x, gain; "),
    "x alone": ("return np.ones((2, 3))", "Scale: right (x, gain; "),
    "integers": ("return np.ones((2, 3), int)", "check_inputs returned dtype int64; it takes float32 or float64"),
    "something else": ("return 3", "check_inputs returned int. Say what to check Scale with:\n    @classmethod\n"),
    "another layer": ("return ReLU(), np.ones((2, 3))", "check_inputs returned a ReLU, not a Scale; with @classmethod"),
    "NaN": ("return cls(3), np.full((2, 3), np.nan)", "NaN or infinite"),
    "raises": ("return cls(3, 4, 5), 0", "my_layers.py:19: TypeError: "),
}


@pytest.mark.parametrize("name", STATED)
def test_check_inputs_says_what_to_check_a_layer_with(name, check):
    line, words = STATED[name]
    source = HEAD + SCALE + f"    @classmethod\n    def check_inputs(cls):\n        {line}\n"
    status, out, err = check(source)
    assert words in out
    assert (status, err) == (0 if "right" in words else 2, "")


def test_an_argument_without_a_rule_gets_a_snippet_that_works(check):
    source = HEAD + SCALE.replace('activation="none"', "wiring").replace("activation", "wiring")
    status, out, _ = check(source)
    assert status == 2
    assert out.startswith("Scale: not checked. /")
    assert f"my_layers.py:{line_of(source, 'def __init__')}: no rule says what wiring of its constructor may" in out
    snippet = "\n" + "".join(line + "\n" for line in out.splitlines() if line.startswith("    "))
    completed = snippet.replace("n_units=...", "n_units=4").replace("wiring=...", "wiring=None")
    assert check(source + completed)[0] == 0


def test_in_a_process_of_its_own_it_finds_modules_from_the_current_folder_and_writes_nothing(tmp_path):
    package = tmp_path / "course"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "later.py").write_text("raise RuntimeError('a later chapter')\n")
    (package / "two.py").write_text("TWO = 2.0\n")
    (package / "one.py").write_text(HEAD + "from .two import TWO\n" + DOUBLE.replace("2 * x", "TWO * x"))
    for target in ("course.one", "course/one.py:Double"):
        command = [sys.executable, "-m", "tinygan", "check", target]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Double: right")
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "__init__.py",
        "course",
        "later.py",
        "one.py",
        "two.py",
    ]


def test_the_random_state_of_numpy_and_its_errors_are_left_alone(check):
    kept = np.geterr()
    assert check(HEAD + "np.seterr(all='raise')\n" + DOUBLE)[0] == 0
    assert np.geterr() == kept
