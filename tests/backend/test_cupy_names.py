"""Every name that our code takes from its array module, and every keyword, exists in CuPy and in our fake of it."""

import ast
import importlib.util
import inspect
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from fake_gpu import arrays, fake_cupy, parameters

import tinygan

ROOT = Path(tinygan.__file__).parent

# What returns an array module, and how one is called by those who get it from there.
SOURCES = {"get_array_module", "module_of"}
ALWAYS = {"xp", "cupy"}

needs_the_wheel = pytest.mark.skipif(importlib.util.find_spec("cupy") is None, reason="CuPy is not installed")


class Use(NamedTuple):
    """A name of the array module in our code; how it is called, if it is."""

    name: str
    place: str
    positional: int | None = None
    keywords: tuple[str, ...] = ()
    unpacked: bool = False


def uses(source, file="source"):
    """Return all names that a source takes from an array module, dotted."""
    tree = ast.parse(source)
    variables = ALWAYS | {name for node in ast.walk(tree) for name in bound_names(node)}
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and is_array_module(node.value, variables)):
            continue
        names = [node.attr]
        while isinstance(parents[node], ast.Attribute):
            node = parents[node]
            names.append(node.attr)
        found.append(Use(".".join(names), f"{file}:{node.lineno}", *call_of(node, parents[node])))
    return found


def bound_names(node):
    """Return the names that an assignment binds to an array module, also as part of a tuple."""
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            for name, value in pairs:
                if isinstance(name, ast.Name) and is_source(value):
                    yield name.id


def is_source(node):
    """Return whether a node is a call such as get_array_module(x)."""
    return isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) in SOURCES


def is_array_module(node, variables):
    return is_source(node) or (isinstance(node, ast.Name) and node.id in variables)


def call_of(node, parent):
    """Return the number of positional arguments, the keywords, and whether a * or ** hides some; nothing if no call."""
    if not (isinstance(parent, ast.Call) and parent.func is node):
        return ()
    hidden = any(isinstance(argument, ast.Starred) for argument in parent.args)
    keywords = tuple(keyword.arg for keyword in parent.keywords if keyword.arg is not None)
    return len(parent.args), keywords, hidden or len(keywords) < len(parent.keywords)


def resolve(module, name):
    """Return what a dotted name of a module stands for."""
    for part in name.split("."):
        module = getattr(module, part)
    return module


def refusal(function, ufunc, use):
    """Return why a function would not take a call, or None."""
    if use.positional is None:
        return None
    if isinstance(function, ufunc):
        unknown = set(use.keywords) - {"out", "dtype", "casting"}
        if unknown:
            return f"a ufunc takes no {', '.join(sorted(unknown))}"
        fits = use.unpacked or function.nin <= use.positional <= function.nargs
        return None if fits else f"a ufunc of {function.nin} got {use.positional}"
    try:
        parameters = inspect.signature(function)
    except ValueError:  # those of Cython say it in words
        unknown = set(use.keywords) - set(documented(function))
        return f"takes no {', '.join(sorted(unknown))}" if unknown else None
    bind = parameters.bind_partial if use.unpacked else parameters.bind
    try:
        bind(*[None] * use.positional, **dict.fromkeys(use.keywords))
    except TypeError as error:
        return str(error)
    return None


def documented(function):
    """Return the names of the parameters from a docstring that begins with name(type parameter=default, ...)."""
    line = re.sub(r"\([^()]*\)(?=[,)])", "", function.__doc__.strip().splitlines()[0])  # defaults such as ()
    words = re.search(r"\((.*?)\)", line)[1].split(", ")
    return [word.split("=")[0].split()[-1] for word in words if word not in {"", "*", "/", "self"}]


USES = [use for path in sorted(ROOT.rglob("*.py")) for use in uses(path.read_text(), str(path.relative_to(ROOT)))]


def problems_in(module):
    found = []
    for use in USES:
        try:
            function = resolve(module, use.name)
        except AttributeError as error:
            found.append(f"{use.place}: {error}")
            continue
        why = refusal(function, module.ufunc, use)
        if why is not None:
            found.append(f"{use.place}: {use.name}: {why}")
    return found


@pytest.fixture
def fake(monkeypatch):
    return fake_cupy.install(monkeypatch)


@pytest.fixture
def real():
    import cupy

    return cupy


def test_names_are_found():
    assert len({use.name for use in USES}) > 20
    assert {"exp", "log1p", "maximum", "linalg.norm"} <= {use.name for use in USES}
    assert any("out" in use.keywords for use in USES)


SAMPLE = """
def f(x, cache, left, right):
    xp = get_array_module(x)
    y = xp.where(xp.isfinite(x), x, -xp.inf)
    library, x = backend.get_array_module(cache), cache
    library.maximum(left, right, out=y)
    norm = float(get_array_module(x).linalg.norm(x, axis=1))
    if (tools := get_array_module(norm)) is np:
        tools.add.reduce(*y, **norm)
    here, there = other(x), y
    here.nowhere(x), there.nowhere(x), np.nowhere(x), y.sum(axis=0)
    return map(xp.exp, y), xp.finfo(y.dtype).tiny
"""


def test_a_sample_is_read_right():
    found = sorted(use for use in uses(SAMPLE) if use.name != "exp")
    assert found == [
        ("add.reduce", "source:9", 1, (), True),
        ("finfo", "source:12", 1, (), False),
        ("inf", "source:4", None, (), False),
        ("isfinite", "source:4", 1, (), False),
        ("linalg.norm", "source:7", 1, ("axis",), False),
        ("maximum", "source:6", 2, ("out",), False),
        ("where", "source:4", 3, (), False),
    ]
    assert [use for use in uses(SAMPLE) if use.name == "exp"] == [Use("exp", "source:12")]


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (Use("exp", "", 1, ("where",)), "a ufunc takes no where"),
        (Use("exp", "", 3), "a ufunc of 1 got 3"),
        (Use("exp", "", 1, ("out",)), None),
        (Use("exp", "", 0, (), True), None),
        (Use("take", "", 2, ("mode",)), "got an unexpected keyword argument 'mode'"),
        (Use("take", "", 1), "missing a required argument: 'indices'"),
        (Use("take", "", 0, ("axis",), True), None),
        (Use("take", ""), None),
        (Use("take", "", 2, ("axis",)), None),
    ],
)
def test_a_call_is_judged_right(call, why, fake):
    assert refusal(resolve(fake, call.name), fake.ufunc, call) == why


def test_our_names_are_in_the_fake(fake):
    assert problems_in(fake) == []


@needs_the_wheel
def test_our_names_are_in_cupy(real):
    assert problems_in(real) == []


@needs_the_wheel
def test_a_name_that_cupy_lacks_is_seen(real):
    assert [name for name in ("errstate", "vecdot", "unstack", "logsumexp") if hasattr(real, name)] == []
    assert refusal(real.take, real.ufunc, Use("take", "", 2, ("mode",))) is not None
    assert refusal(real.exp, real.ufunc, Use("exp", "", 1, ("where",))) is not None


@needs_the_wheel
def test_the_fake_has_only_names_of_cupy(real):
    for name in fake_cupy.names():
        resolve(real, name)


@needs_the_wheel
def test_the_fakes_ufuncs_are_those_of_cupy(real):
    ours = {name: (function.nin, function.nout) for name, function in arrays.UFUNCS.items()}
    assert ours == {name: (getattr(real, name).nin, getattr(real, name).nout) for name in ours}


def described(function):
    """Return the parameters of a function as the tables of the fake write them."""
    words = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in words:
            words.append("*")
        words.append(parameter.name + ("" if parameter.default is parameter.empty else "="))
    return " ".join(words)


TABLES = parameters.FUNCTIONS | parameters.VIEWS | parameters.CREATORS


@needs_the_wheel
def test_the_fakes_parameters_are_those_of_cupy(real):
    assert {name: described(getattr(real, name)) for name in TABLES} == TABLES


@needs_the_wheel
def test_the_fakes_own_functions_take_no_more_than_cupys(real):
    for function in (*arrays.WRITTEN_OUT, arrays.norm):
        theirs = inspect.signature(getattr(real, function.__name__, real.linalg.norm)).parameters.values()
        ours = inspect.signature(function).parameters.values()
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in theirs):
            names = {parameter.name for parameter in theirs}
            assert {p.name for p in ours if p.kind is not p.POSITIONAL_ONLY} <= names, function


@needs_the_wheel
def test_the_fakes_methods_take_no_more_than_cupys(real):
    for name, method in vars(arrays.ndarray).items():
        if name.startswith("_"):
            continue
        names = documented(theirs) if callable(theirs := getattr(real.ndarray, name)) else []
        if name in parameters.METHODS:
            assert [word.strip("=") for word in parameters.METHODS[name].split()] == names
        elif name in parameters.SAME_AS_FUNCTION.split():
            assert [word.strip("=") for word in TABLES[name].split()][1:] == names
        elif inspect.isfunction(method):
            assert set(inspect.signature(method).parameters) - {"self"} <= {word.strip("*") for word in names}, name


@needs_the_wheel
def test_the_fakes_operators_are_those_of_cupy(real):
    ours, theirs = set(vars(arrays.ndarray)), set(dir(real.ndarray))
    of_python = {"__weakref__", "__firstlineno__", "__static_attributes__"}
    assert {name for name in ours if name.startswith("__")} <= theirs | of_python
    operators = {f"__{prefix}{name}__" for name in parameters.ARITHMETIC for prefix in ("", "r", "i")}
    operators |= {f"__{name}__" for name in parameters.COMPARISONS} | {"__matmul__", "__rmatmul__"}
    assert operators <= ours & theirs
