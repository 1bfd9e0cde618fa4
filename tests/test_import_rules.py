"""The house rules, read off the source: who may import whom, and what a file looks like."""

import ast
import re
import subprocess
import sys
import warnings
from collections import Counter
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

import pytest

import tinygan

ROOT = Path(tinygan.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
HERE = Path(__file__).parent
TESTS = sorted(HERE.rglob("*.py"))

# A room may use the rooms on lower floors; files inside a folder may use each other, without a circle.
FLOORS = {
    "__init__": -1,  # of the package itself: it holds the version, and anyone may read that
    "arguments": 0,
    "table": 0,
    "files": 0,
    "backend": 1,
    "data": 2,
    "ranks": 2,
    "functional": 2,
    "layers": 3,
    "optim": 4,
    "adversarial": 5,
    "evaluation": 6,
    "figures": 6,
    "gradcheck": 7,
    "recipes": 7,
    "runs": 8,
    "experiments": 9,
    "lessons": 10,
    "cli": 11,
    "__main__": 12,
}

# Imported in these rooms only.
PLACES = {
    "cupy": {"backend"},
    "mpi4py": {"ranks"},
    "matplotlib": {"figures"},
    "PIL": {"data", "figures"},
    "tqdm": {"cli"},
    "pooch": {"data"},
    "pickle": set(),
    "dill": set(),
    "random": {"gradcheck"},
}
# Of a file, and of a folder.
MANY_LINES, MANY_FILES = 250, 15

RANDOM_NAMES = {"BitGenerator", "Generator", "Philox", "default_rng"}


def module_name(path, root=ROOT):
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(["tinygan", *(part for part in parts if part != "__init__")])


def room(module):
    """Return the folder or file of the package that a module belongs to."""
    return [*module.split("."), "__init__"][1]


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(syntax, package, known):
    """Yield the full names of all imported modules; `known` are those that `from package import name` may mean."""
    for node in ast.walk(syntax):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in known else base


MODULES = {module_name(path): path for path in FILES}


def imports_of(name):
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return set(imports(tree(path), package, MODULES))


def circle(edges):
    """Return one of the circles in a graph, as a list of nodes, or None."""
    done = set()

    def visit(node, trail):
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node not in done:
            for below in sorted(edges.get(node, ())):
                if found := visit(below, [*trail, node]):
                    return found
            done.add(node)
        return None

    return next(filter(None, (visit(node, []) for node in sorted(edges))), None)


def misplaced(name, imported):
    """Return what a module imports that does not belong there."""
    wrong = []
    for other in imported:
        top = other.partition(".")[0]
        if top == "tinygan":
            here, there = room(name), room(other)
            if here != there and FLOORS[there] >= FLOORS[here]:
                wrong.append(other)
        elif top in PLACES and room(name) not in PLACES[top]:
            wrong.append(other)
    return wrong


def global_random_names(syntax):
    """Return the names used from numpy.random that draw from, or set, the global state."""
    names = set()
    for node in ast.walk(syntax):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np.random", "numpy.random"):
            names.add(node.attr)
        elif isinstance(node, ast.ImportFrom) and node.module == "numpy.random":
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "numpy":
            names.update(alias.name for alias in node.names if alias.name == "random")
    return names - RANDOM_NAMES


def opens_with_a_sentence(path):
    opening = (ast.get_docstring(tree(path)) or "").partition("\n")[0]
    is_one = not re.search(r"\. [A-Z]", opening)  # a question may be followed by its answer
    return is_one and re.fullmatch(r"\w.*[.?]", opening) is not None


def imported_tests(syntax):
    """Return the test modules that a test module imports."""
    nodes = [node for node in ast.walk(syntax) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [alias.name for node in nodes for alias in node.names] + [getattr(node, "module", None) for node in nodes]
    return {name for name in names if name and name.rpartition(".")[2].startswith("test_")}


def test_every_room_has_a_floor():
    assert {room(name) for name in MODULES} <= set(FLOORS)
    assert {"backend", "layers", "adversarial", "cli"} <= {room(name) for name in MODULES}


def test_the_picture_of_the_architecture_has_the_same_floors():
    picture = (HERE.parent / "docs" / "_static" / "architecture.svg").read_text(encoding="utf-8")
    words = re.search(r"From the top: (.*?)\.", picture)[1]
    floors = {
        name: int(floor) for floor, rooms in re.findall(r"(\d+) ([^;]+)", words) for name in re.findall(r"\w+", rooms)
    }
    floors.pop("and")
    assert floors == {name: floor for name, floor in FLOORS.items() if not name.startswith("__")}
    assert sorted(re.findall(r'font-weight="bold"[^>]*>(\w+)<', picture)) == sorted(floors)


def test_a_room_uses_only_rooms_on_lower_floors_and_libraries_where_they_belong():
    assert [(name, other) for name in MODULES for other in misplaced(name, imports_of(name))] == []


def test_no_files_use_each_other_in_a_circle():
    assert circle({name: {other for other in imports_of(name) if other in MODULES} for name in MODULES}) is None


def test_no_folders_of_the_checker_use_each_other_in_a_circle():
    edges = {}
    for name in (name for name in MODULES if room(name) == "gradcheck"):
        here = ".".join(name.split(".")[:3])  # tinygan.gradcheck.diagnosis, whatever file of it
        others = {".".join(other.split(".")[:3]) for other in imports_of(name) if other in MODULES}
        edges.setdefault(here, set()).update(others - {here})
    assert circle(edges) is None


def test_nothing_draws_from_the_global_random_state():
    assert [path.name for path in FILES if global_random_names(tree(path))] == ["seeding.py"]  # of code under check


def test_nothing_unpickles():
    keywords = {path: {node.arg for node in ast.walk(tree(path)) if isinstance(node, ast.keyword)} for path in FILES}
    assert [path for path in FILES if "allow_pickle" in keywords[path]] == []


@pytest.mark.filterwarnings("always:worth a second look")
def test_long_files_and_full_folders_are_worth_a_second_look():
    """A warning and no wall: a class is not cut in two to please a count."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    long = [f"{path.relative_to(ROOT)} ({n} lines)" for path, n in lengths.items() if n > MANY_LINES]
    counts = Counter(path.parent for path in FILES)
    full = [f"{folder.relative_to(ROOT)} ({n} files)" for folder, n in counts.items() if n > MANY_FILES]
    if long or full:
        warnings.warn(f"worth a second look: {', '.join(long + full)}", stacklevel=1)


def test_a_file_opens_with_a_sentence():
    assert [path for path in FILES if not opens_with_a_sentence(path)] == []


def test_no_test_imports_a_test_and_helpers_stand_apart():
    for path in TESTS:
        assert not imported_tests(tree(path)), path
        is_test = path.name.startswith("test_") or path.name == "conftest.py"
        assert is_test or path.relative_to(HERE).parts[0] in ("support", "fake_gpu"), path


@pytest.mark.parametrize(
    ("name", "source", "wrong"),
    [
        ("tinygan.layers.linear", "from tinygan.backend import Array", []),
        ("tinygan.layers.linear", "from tinygan.layers.base import Layer", []),
        ("tinygan.cli", "from tinygan import __version__", []),
        ("tinygan.layers.linear", "import tinygan.optim", ["tinygan.optim"]),
        ("tinygan.layers.linear", "from tinygan import optim", ["tinygan.optim"]),
        ("tinygan.layers.linear", "from .. import optim", ["tinygan.optim"]),
        ("tinygan.layers.linear", "def f():\n    from ..cli import main", ["tinygan.cli"]),
        ("tinygan.table", "import tinygan.backend", ["tinygan.backend"]),
        ("tinygan.figures.frame", "from tinygan.gradcheck import check_gradients", ["tinygan.gradcheck"]),
        ("tinygan.backend", "import cupy", []),
        ("tinygan.functional", "import cupy.cuda", ["cupy.cuda"]),
        ("tinygan.figures.frame", "from matplotlib import pyplot", []),
        ("tinygan.cli", "from matplotlib import pyplot", ["matplotlib"]),
        ("tinygan.experiments.figure1.playing", "from tqdm import tqdm", ["tqdm"]),
        ("tinygan.files", "import pickle", ["pickle"]),
    ],
)
def test_the_rules_would_find_a_wrong_import(name, source, wrong):
    assert misplaced(name, set(imports(ast.parse(source), name.rpartition(".")[0], MODULES))) == wrong


def test_the_rules_would_find_a_circle():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}}) is None


def test_the_rules_would_find_a_test_that_imports_a_test():
    for source in ("import test_x", "from test_x import f", "from layers import test_x", "from . import test_x"):
        assert imported_tests(ast.parse(source)), source
    assert not imported_tests(ast.parse("from support.layer_cases import CASES"))


@pytest.mark.parametrize(
    "source",
    ["np.random.seed(0)", "x = numpy.random.rand(3)", "from numpy.random import randn", "from numpy import random"],
)
def test_the_rules_would_find_the_global_random_state(source):
    assert global_random_names(ast.parse(source))
    assert not global_random_names(ast.parse("np.random.Generator(np.random.Philox(0)), rng.random(3)"))


@pytest.mark.parametrize(
    "modules", ["tinygan", "tinygan.layers, tinygan.adversarial, tinygan.optim, tinygan.data, tinygan.cli"]
)
def test_importing_loads_nothing_heavy(modules):
    code = f"import sys, {modules}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    loaded = set(done.stdout.split())
    assert "tinygan" in loaded
    assert loaded.isdisjoint({"matplotlib", "cupy", "mpi4py", "scipy", "tqdm", "pooch"})


def test_rooms_are_imported_when_they_are_asked_for():
    code = """
import sys
import tinygan
assert not {"numpy", "tinygan.layers"} & set(sys.modules)
assert {"layers", "optim", "backend", "__version__"} <= set(dir(tinygan)) and "__main__" not in dir(tinygan)
assert "numpy" not in sys.modules
assert tinygan.layers.Linear(2, 3).n_out == 3
assert tinygan.backend.as_rng(0) is not None
assert tinygan.layers is sys.modules["tinygan.layers"]
assert not hasattr(tinygan, "__main__") and not hasattr(tinygan, "nonsense")
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT.parent)
    with pytest.raises(AttributeError, match=r"^module 'tinygan' has no attribute 'layer'$") as caught:
        tinygan.layer  # noqa: B018
    assert caught.value.obj is tinygan  # from which Python finds that layers was meant


def test_a_room_that_lacks_a_library_says_so(monkeypatch):
    monkeypatch.delattr(tinygan, "evaluation", raising=False)
    for name in [name for name in sys.modules if name.startswith("tinygan.evaluation")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tinygan.evaluation.parzen", None)
    with pytest.raises(ModuleNotFoundError, match=r"tinygan\.evaluation\.parzen"):
        tinygan.evaluation  # noqa: B018
