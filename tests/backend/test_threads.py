"""BLAS threads: small products get one, unless somebody has chosen a number, and the number is back afterwards."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from tinygan.adversarial import NoisePrior, discriminator_step, generate, generator_step, train
from tinygan.backend import blas_threads, threads
from tinygan.backend.threads import SMALL, resolved_threads, threads_for
from tinygan.cli import main
from tinygan.experiments.figures2and3 import figure3
from tinygan.layers import Linear, Parameter, Sequential, Tanh
from tinygan.optim import SGD
from tinygan.recipes.mnist import MNIST
from tinygan.runs.trained import Trained


class Library:
    """A BLAS."""

    def __init__(self, n):
        self.n = n

    def get_num_threads(self):
        return self.n

    def set_num_threads(self, n):
        self.n = n


@pytest.fixture
def blas(monkeypatch):
    """Put a BLAS of eight threads, which no variable pins, in the place of NumPy's."""
    library = Library(8)
    monkeypatch.setattr(threads, "_libraries", lambda: [library])
    monkeypatch.setattr(threads, "_first_numbers", lambda: [8])
    monkeypatch.setattr(threads, "_is_pinned", lambda: False)
    return library


def test_the_real_libraries_of_numpy_are_set_and_set_back():
    def numbers():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = numbers()
    for n in (2, 1):
        with blas_threads(n):
            assert numbers() == [n] * len(before)
    assert numbers() == before


def test_the_number_is_back_after_an_error_and_a_nested_choice(blas):
    def chosen():
        with blas_threads(3):
            with blas_threads(2):
                assert blas.n == 2
            assert blas.n == 3
            raise KeyError

    with pytest.raises(KeyError):
        chosen()
    assert blas.n == 8
    with threads_for(1):
        assert blas.n == 1  # nothing is chosen any more


def test_choices_that_end_in_another_order_than_they_began_leave_nothing_behind(blas):
    first, second = blas_threads(3), blas_threads(2)  # of two threads of Python
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas.n == 2
    second.__exit__(None, None, None)
    assert blas.n == 8
    with threads_for(1):
        assert blas.n == 1  # nothing is chosen any more


@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (1.5, TypeError)])
def test_a_number_that_is_none_is_refused_and_changes_nothing(n, error, blas):
    with pytest.raises(error, match=rf"blas_threads got n={n}; it takes an int >= 1"), blas_threads(n):
        pass
    assert blas.n == 8


def test_small_products_run_on_one_thread_and_large_ones_on_all(blas):
    with threads_for(SMALL - 1):
        assert blas.n == 1
    with threads_for(SMALL):
        assert blas.n == 8
    assert blas.n == 8


def test_who_has_chosen_is_left_alone(blas, monkeypatch):
    with blas_threads(4), threads_for(1):
        assert blas.n == 4
    blas.n = 2  # by threadpoolctl
    with threads_for(1):
        assert blas.n == 2
    blas.n = 8
    monkeypatch.setattr(threads, "_is_pinned", lambda: True)
    with threads_for(1):
        assert blas.n == 8


def test_a_variable_pins(monkeypatch):
    for name in threads.PINS:
        monkeypatch.delenv(name, raising=False)
    assert not threads._is_pinned.__wrapped__()
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert threads._is_pinned.__wrapped__()


def test_auto_measures_large_products_only(blas, monkeypatch):
    measured = []
    monkeypatch.setattr(threads, "_seconds", lambda n, m: measured.append((n, m)) or {1: 3.0, 8: 2.0}[n])
    assert resolved_threads("auto", 100, 32 * 32) == 1
    assert measured == []
    assert resolved_threads("auto", 100) == 8
    assert measured == [(1, 100), (8, 100)]
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    assert resolved_threads(3, 100, 32 * 32) == 3
    with pytest.raises(ValueError, match="threads=99, but this machine has 3 cores"):
        resolved_threads(99, 100)


# In train


class Convolution(Linear):
    """Few weights, which may come in to many places of an image."""

    def __init__(self):
        super().__init__(2, 2, rng=3)
        self.kernel = Parameter(np.zeros((3, 3, 1, 1), np.float32), "kernel")
        self.parameters = (*self.parameters, self.kernel)

    def backward_params(self, grad_y, cache):
        super().backward_params(grad_y, cache)
        self.kernel.accumulate(np.ones_like(self.kernel.data))


WIDTHS = {"small": (2, 1), "large": (30, 8), "a convolution": (None, 8)}


@pytest.mark.parametrize(("n_units", "inside"), WIDTHS.values(), ids=WIDTHS.keys())
def test_training_sets_the_number_in_its_steps_and_sets_it_back_before_every_record(n_units, inside, blas, monkeypatch):
    monkeypatch.setattr(threads, "SMALL", 100)

    def noted(step):
        def run(*arguments, **options):
            seen.append(blas.n)
            return step(*arguments, **options)

        return run

    first = Convolution() if n_units is None else Linear(2, n_units, rng=0)
    D, G, seen = Sequential(first, Tanh(), Linear(n_units or 2, 1, rng=1)), Linear(2, 2, rng=2), []
    optimizers = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
    steps = {"discriminator_step": noted(discriminator_step), "generator_step": noted(generator_step)}
    x, prior = np.ones((8, 2), np.float32), NoisePrior("uniform", 2)
    for _ in train(D, G, x, prior, n_iterations=2, batch_size=2, rng=0, **optimizers, **steps):
        assert blas.n == 8
    assert seen == [inside] * 4
    assert blas.n == 8


# Elsewhere


class Counting(Linear):
    """Notes on how many threads it runs."""

    def __init__(self, library):
        super().__init__(2, 4, rng=0)
        self.library, self.seen = library, set()

    def __call__(self, x):
        self.seen.add(self.library.n)
        return super().__call__(x)


def test_samples_and_lines_are_generated_on_one_thread(blas):
    G, recipe = Counting(blas), MNIST()
    generate(G, NoisePrior("uniform", 2), 5, rng=0)
    trained = Trained(G, NoisePrior("uniform", 2), recipe, {"image_shape": [2, 2]}, iteration=0)
    figure3(trained, n_lines=2, n_steps=3, rng=0)
    assert G.seen == {1}
    assert blas.n == 8


def test_figure1_looks_at_its_end_on_one_thread(blas, monkeypatch):
    seen = set()

    def looked(self, x):
        seen.add(blas.n)
        return forward(self, x)

    forward = Linear.__call__
    monkeypatch.setattr(Linear, "__call__", looked)
    assert main(["figure1", "--iterations", "10", "--no-draw", "-q"]) == 0
    assert seen == {1}
