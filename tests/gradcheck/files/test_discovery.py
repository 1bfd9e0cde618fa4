"""What is found in a file or a module, what it is checked with, and that importing it leaves nothing behind."""

import sys

import numpy as np
import pytest

from tinygan.gradcheck import check_functions
from tinygan.gradcheck.files.discovery import FunctionPair, Half, LayerClass, find_checkable
from tinygan.gradcheck.files.inputs import NoInputs, layers_and_x, subjects_of
from tinygan.gradcheck.files.loading import loaded
from tinygan.gradcheck.subjects.written import BackwardRaised
from tinygan.layers import Conv2D, Layer, Linear, Maxout, Reshape

LAYERS = """
from abc import abstractmethod
from tinygan.gradcheck.subjects.written import BackwardRaised
from tinygan.layers import Layer, Linear, ReLU
from neighbour import imported_forward, imported_backward

class Base(Layer):
    @abstractmethod
    def slope(self):
        ...
    def forward(self, x, *, rng=None):
        import late
        return x * late.TWO, None

class Child(Base):
    def slope(self):
        return 2.0
    def backward_input(self, grad_y, cache):
        return grad_y * self.slope()

class Sided(Layer):
    def forward(self, x, *, rng=None):
        return x, None

Again = Child

def f_forward(x): return x, 0
def f_backward(dout, cache): return dout
def f_backward_alt(dout, cache): return dout
def g_forward_naive(x): return x, 0
def g_backward_naive(dout, cache): return dout
def g_forward_fast(x): return x, 0
def forward(x): return x, 0
def check_inputs_f_alt(): return 1
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "neighbour.py").write_text("def imported_forward(x): ...\ndef imported_backward(dout, cache): ...\n")
    (tmp_path / "late.py").write_text("TWO = 2.0\n")
    (tmp_path / "chapter.py").write_text(LAYERS)
    return tmp_path / "chapter.py"


def test_it_finds_what_is_defined_in_the_file_and_nothing_else(file):
    with loaded(str(file)) as module:
        found = find_checkable(module)
        assert [(type(thing), thing.name) for thing in found] == [
            (LayerClass, "Child"),
            (Half, "Sided"),
            (FunctionPair, "f"),
            (FunctionPair, "f_alt"),
            (FunctionPair, "g_naive"),
            (Half, "g_forward_fast"),
        ]
        assert [thing.lacks for thing in found if isinstance(thing, Half)] == [
            "Sided.backward_input",
            "g_backward_fast",
        ]
        assert [thing.check_inputs for thing in found[2:4]] == [None, module.check_inputs_f_alt]
        assert (found[3].forward, found[3].backward) == (module.f_forward, module.f_backward_alt)
        assert found[0].where == f"{file}:{LAYERS.splitlines().index('    def forward(self, x, *, rng=None):') + 1}"


LONELY = """
import numpy as np
def relu_forward(x): return np.maximum(x, 0), x
def relu_backward(dout, x): return dout * (x > 0)
def square_loss(x, y): return ((x - y) ** 2).sum(), 2 * (x - y)
def mse_loss(x, y): return ((x - y) ** 2).mean()
def lossless(x): return x
class Net:
    def forward(self, x):
        return x
"""


def test_a_loss_without_a_gradient_and_a_class_without_backward_are_not_passed_over(tmp_path):
    (tmp_path / "file.py").write_text(LONELY)
    with loaded(str(tmp_path / "file.py")) as module:
        found = {thing.name: thing for thing in find_checkable(module)}
    assert list(found) == ["relu", "square_loss", "mse_loss", "Net"]
    assert found["mse_loss"].lacks == "mse_loss_backward, and it returns no gradient"
    assert found["Net"].lacks == "Net.backward"


@pytest.mark.parametrize(
    ("name", "n"), [("Child", 1), ("f", 1), ("f_forward", 2), ("g_backward_naive", 1), ("Again", 0)]
)
def test_one_thing_can_be_asked_for(name, n, file):
    with loaded(str(file)) as module:
        if n:
            assert len(find_checkable(module, name)) == n
        else:
            with pytest.raises(
                ValueError, match=r"chapter.py has no Again to check; it has Child, Sided, f, f_alt, g_naive"
            ):
                find_checkable(module, name)


def test_a_package_has_what_its_modules_define():
    import tinygan.layers

    assert {thing.name for thing in find_checkable(tinygan.layers)} >= {"Linear", "Maxout", "Sequential"}


def test_a_late_import_works_and_all_is_forgotten_in_the_end(file, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    kept_path, kept_modules = list(sys.path), set(sys.modules)
    with loaded(str(file)) as module:
        assert "neighbour" in sys.modules
        assert module.Child().forward(np.ones(1))[0] == 2
    assert (sys.path, set(sys.modules)) == (kept_path, kept_modules)
    assert sys.dont_write_bytecode is False
    assert sorted(path.name for path in file.parent.iterdir()) == ["chapter.py", "late.py", "neighbour.py"]


@pytest.mark.parametrize("name", ["json.py", "tinygan.py", "my-layers.py", "a.b.py", "math.py", "__main__.py"])
def test_a_file_with_any_name_is_the_one_that_is_imported(name, tmp_path):
    kept = dict(sys.modules)
    (tmp_path / name).write_text("import json\nTEXT = json.dumps(1) if __name__ != '__main__' else None\nMINE = True\n")
    with loaded(str(tmp_path / name)) as module:
        assert module.MINE
    assert dict(sys.modules) == kept


def test_two_files_of_one_name_are_two(tmp_path):
    for number in "12":
        (tmp_path / number).mkdir()
        (tmp_path / number / "same.py").write_text("from other import N\n")
        (tmp_path / number / "other.py").write_text(f"N = {number}\n")
        with loaded(str(tmp_path / number / "same.py")) as module:
            assert int(number) == module.N


def test_a_file_of_a_package_may_import_relatively_also_from_a_folder_of_another_name(tmp_path):
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner, inner.parent):
        (folder / "__init__.py").write_text("")
    (inner / "one.py").write_text("from ..two import N\n")
    (inner.parent / "two.py").write_text("N = 2\n")
    with loaded(str(inner / "one.py")) as module:
        assert (module.__name__, module.N) == ("outer.inner.one", 2)
    with loaded(str(inner / "__init__.py")) as module:
        assert module.__name__ == "outer.inner"


def test_our_own_files_are_not_imported_twice():
    import tinygan.layers.linear as linear

    with loaded(linear.__file__) as module:
        assert module is linear
    assert sys.modules["tinygan.layers.linear"] is linear


def test_a_failed_import_leaves_nothing_behind(file):
    kept_path, kept_modules = list(sys.path), set(sys.modules)
    file.write_text("import neighbour\nimport late\nlate.three\n")
    with pytest.raises(ValueError, match=r"chapter.py:3: AttributeError"), loaded(str(file)):
        pass
    assert (sys.path, set(sys.modules)) == (kept_path, kept_modules)


def test_the_place_of_an_error_is_in_the_users_code_and_not_in_a_library(file):
    file.write_text("import numpy as np\n\n\n\nnp.reshape(np.ones(2), (3, 3))\n")
    with pytest.raises(ValueError, match=r"chapter.py:5: ValueError: cannot reshape"), loaded(str(file)):
        pass
    (file.parent / "late.py").write_text("x = 1\nx.y\n")
    file.write_text("import late\n")
    with pytest.raises(ValueError, match=r"late.py:2: AttributeError"), loaded(str(file)):
        pass


def test_sizes_differ_so_that_confused_axes_show():
    ((layer, x, _),) = layers_and_x(Linear, 0)
    assert (x.shape, layer.n_in, layer.n_out) == ((5, 4), 4, 2)
    ((layer, x, _),) = layers_and_x(Maxout, 0)
    assert (x.shape, layer.n_pieces) == ((5, 12), 3)


class Recorder(Layer):
    def forward(self, x, *, rng=None):
        assert x.ndim == self.n_dimensions
        return x, None

    def backward_input(self, grad_y, cache):
        return grad_y


def test_a_constructor_is_read_by_its_names_and_annotations():
    class Image(Recorder):
        n_dimensions = 4

        def __init__(self, n_filters, in_channels, kernel_size, p, weird: int, share: "float", *, rng, kept=8, **more):
            self.given = (n_filters, in_channels, kernel_size, p, weird, share, kept, more)
            self.rng = rng

    layer, x, _ = next(layers_and_x(Image, 3))
    assert x.shape == (5, 3, 6, 8)
    assert layer.given == (2, 3, 3, 0.3, 7, 0.3, 8, {})
    assert isinstance(layer.rng, np.random.Generator)


def test_a_layer_with_windows_comes_in_several_ways_that_overlap_and_do_not_fit():
    class Pool(Recorder):
        n_dimensions = 4

        def __init__(self, kernel_size, stride=2, padding=0):
            self.given = kernel_size, stride, padding

    found = list(layers_and_x(Pool, 0))
    assert len({layer.given for layer, _, _ in found}) == 4
    assert any(size > stride for layer, _, _ in found for size, stride, _ in [layer.given])
    assert {1, 2} <= {layer.given[1] for layer, _, _ in found}
    assert any((side + 2 * p - k) % s for layer, x, _ in found for k, s, p in [layer.given] for side in x.shape[2:])
    assert found[0][2].startswith("kernel_size 3, stride 2, padding 1, x (5, 3, ")


def test_a_sequence_has_its_width_on_the_last_axis():
    class Sequence(Recorder):
        n_dimensions = 3

        def __init__(self, d_model):
            self.d_model = d_model

    ((layer, x, _),) = layers_and_x(Sequence, 0)
    assert (x.shape, layer.d_model) == ((5, 6, 4), 4)


def test_what_no_shape_suits_says_so_with_the_first_error():
    class Never(Recorder):
        n_dimensions = 9

    with pytest.raises(NoInputs, match=r"of shape \(5, 4\) and others. Say what to check Never with") as caught:
        next(layers_and_x(Never, 0))
    assert isinstance(caught.value.__cause__, AssertionError)


def test_images_may_have_their_channels_last_and_sides_may_come_one_by_one():
    found = [(layer.n_in, x.shape) for layer, x, _ in layers_and_x(Conv2D, 0)]
    assert set(found) == {(4, (5, 7, 9, 4))}
    ((layer, x, _),) = layers_and_x(Reshape, 0)
    assert (layer.shape, x.shape) == ((2, 2), (5, 4))


def test_functions_get_arrays_that_fit_by_their_names():
    def flat_forward(x, w, b, eps=3.0):
        return x.reshape(len(x), -1) @ w + b, eps

    def plain_forward(X, weight, bias):
        return np.dot(X, weight) + bias + 0 * X[0, 0], 0

    def norm_forward(x, gamma, beta, eps):
        return x * gamma + beta * eps, 0

    def loss_forward(x, y):
        return x[np.arange(len(x)), y].mean(), 0

    def words(forward):
        def backward(dout, cache):
            return np.ones(1)

        (subjects,) = subjects_of(FunctionPair("f", forward, backward, None), 0)
        return subjects[0].words

    assert words(flat_forward) == "x (5, 2, 3), w (6, 4), b (4,)"
    assert words(plain_forward) == "X (5, 4), weight (4, 3), bias (3,)"
    assert words(norm_forward) == "x (5, 4), gamma (4,), beta (4,), eps 1e-05"
    assert words(loss_forward) == "x (5, 4), y (5,)"


def half_forward(x, p, rng, offset=0.0):
    keep = rng.random(x.shape) > p["p"]
    p["seen"] = True
    return x * keep + offset, keep


def half_backward(dout, keep):
    return dout * keep


def test_check_functions_takes_arguments_by_position_and_by_name():
    x, p = np.random.default_rng(0).normal(size=(4, 3)), {"p": 0.5}
    for arguments in ((x, p), {"x": x, "p": p}, {"p": p, "x": x, "offset": 1.0}):
        report = check_functions(half_forward, half_backward, arguments, rng=0)
        assert report.ok, str(report)
        assert (report.subject, [row.tensor for row in report.rows]) == ("half", ["x"])
    assert p == {"p": 0.5}


def test_check_functions_finds_a_redrawn_mask():
    def redrawn_backward(dout, keep):
        return dout * np.random.default_rng(5).permutation(keep.reshape(-1)).reshape(keep.shape)

    report = check_functions(half_forward, redrawn_backward, (np.ones((4, 3)), {"p": 0.5}), rng=0)
    assert [suspect.code for suspect in report.suspects][:1] == ["redrawn_mask"]


@pytest.mark.parametrize("number", [float, np.float64, np.asarray])
def test_check_functions_takes_a_loss(number):
    def loss_forward(x, /):
        return number((x * x).sum()), x

    def loss_backward(dout, cache):
        assert np.ndim(dout) == 0
        return 2 * dout * cache

    x = np.arange(6.0).reshape(2, 3)
    assert check_functions(loss_forward, loss_backward, (x,), rng=0).ok
    assert not check_functions(loss_forward, lambda dout, cache: dout * cache, (x,), rng=0).ok


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((), TypeError, "half_forward.* got no x and no p"),
        ((1, 2, 3, 4, 5), TypeError, "does not take these arguments: too many positional"),
        ({"z": 1}, TypeError, "does not take these arguments: got an unexpected keyword argument 'z'"),
        ((np.ones((2, 2), int), {}), TypeError, "x is an array of int64, p is of type dict"),
        ((np.full((2, 2), np.nan), {"p": 0.5}), ValueError, "half_forward got x with NaN or infinite"),
    ],
)
def test_check_functions_refuses_arguments_that_do_not_fit(arguments, error, words):
    with pytest.raises(error, match=words):
        check_functions(half_forward, half_backward, arguments, rng=0)


def test_check_functions_refuses_other_nonsense():
    x = (np.ones((2, 2)), {"p": 0.5})

    def half_backward_of_nothing(dout, cache):
        return None

    with pytest.raises(BackwardRaised, match="backward gives nothing that can be the gradient of something"):
        check_functions(half_forward, half_backward_of_nothing, x, rng=0)
    with pytest.raises(ValueError, match="tolerance=0"):
        check_functions(half_forward, half_backward, x, tolerance=0)
    with pytest.raises(TypeError, match="returned NoneType; it takes an array of floats first"):
        check_functions(half_backward_of_nothing, half_backward, {"dout": np.ones((2, 2)), "cache": 0}, rng=0)
