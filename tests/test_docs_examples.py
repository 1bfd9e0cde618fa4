"""Every example in every docstring runs, and everything public has one."""

import dataclasses
import doctest
import importlib
import pkgutil

import pytest

import tinygan

MODULES = ["tinygan"] + [
    module.name
    for module in pkgutil.walk_packages(tinygan.__path__, "tinygan.")
    if not module.name.endswith("__main__")  # importing it runs the command
]


PUBLIC = {
    f"{name}.{public}": getattr(importlib.import_module(name), public)
    for name in MODULES
    for public in getattr(importlib.import_module(name), "__all__", [])
    if public not in ("Array", "RngLike")  # names of types
}


def is_record(thing):
    """Return whether it is a bundle of results, which users read but never build."""
    return dataclasses.is_dataclass(thing) or (isinstance(thing, type) and issubclass(thing, tuple))


def has_example(thing):
    return any(test.examples for test in doctest.DocTestFinder().find(thing, name="thing"))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name):
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


@pytest.mark.parametrize("name", [name for name, thing in PUBLIC.items() if callable(thing) and not is_record(thing)])
def test_everything_public_has_an_example(name):
    assert has_example(PUBLIC[name])


def test_all_of_the_package_is_looked_at():
    assert {"tinygan.backend", "tinygan.layers.linear", "tinygan.adversarial", "tinygan.data"} <= set(MODULES)
    assert len(PUBLIC) > 40


def test_a_wrong_example_would_be_found():
    def wrong():
        """Add up.

        >>> 1 + 1
        3
        """

    (example,) = doctest.DocTestFinder().find(wrong, name="wrong")
    assert doctest.DocTestRunner().run(example, out=lambda text: None).failed == 1
    assert not has_example(test_the_examples_of_a_module_run)
