"""What Figures 2 and 3 show: the right neighbours, and lines that are straight and end where they should."""

import numpy as np
import pytest
from support.runs import made_images, tiny_run

from tinygan.experiments.figures2and3 import figure2, figure3, straight_lines
from tinygan.recipes.cifar10 import CIFAR10
from tinygan.recipes.data_sets import load, load_again
from tinygan.recipes.mnist import MNIST
from tinygan.runs.folder import RunFolder
from tinygan.runs.trained import Trained

SHAPES = {MNIST: (6, 5), CIFAR10: (4, 4, 3)}
both_recipes = pytest.mark.parametrize("kind", SHAPES)


def untrained(kind=MNIST, cls=Trained):
    recipe, shape = kind().scaled(0.01), SHAPES[kind]
    G = recipe.generator(np.full(np.prod(shape), 0.5), rng=0)
    return cls(G, recipe.prior(), recipe, {"image_shape": list(shape)}, 0)


class Copycat(Trained):
    """A generator that has learned the training images by heart."""

    ORDER = np.array([3, 7, 1, 8, 0, 5])

    def sample(self, n, *, rng=None):
        assert n == len(self.ORDER)
        return self.recipe.preprocess(made_images(9, SHAPES[type(self.recipe)])[self.ORDER])


@both_recipes
def test_what_was_learned_by_heart_is_found_beside_the_last_of_each_row(kind):
    examples = made_images(9, SHAPES[kind])
    figure = figure2(untrained(kind, Copycat), examples, n_rows=3, n_columns=2)
    assert figure.indices.tolist() == [7, 8, 5]
    np.testing.assert_array_equal(figure.distances, 0)
    np.testing.assert_array_equal(figure.neighbours, figure.images[1::2])
    if kind is MNIST:
        np.testing.assert_array_equal(figure.neighbours, examples[[7, 8, 5]] / np.float32(255))


def test_the_nearest_is_looked_for_where_d_looks():
    darker = made_images(9, SHAPES[CIFAR10]) // 4 + 9  # the same but for brightness and contrast, and rounding
    figure = figure2(untrained(CIFAR10, Copycat), darker, n_rows=3, n_columns=2)
    assert figure.indices.tolist() == [7, 8, 5]
    assert (figure.distances < 2).all()


@both_recipes
def test_distances_are_those_of_all_pairs(kind):
    trained, examples = untrained(kind), made_images(9, SHAPES[kind])
    figure = figure2(trained, examples, n_rows=2, n_columns=3, rng=1)
    samples, rows = trained.sample(6, rng=1), trained.recipe.preprocess(examples)
    distances = np.linalg.norm(samples[[2, 5], None].astype(float) - rows, axis=-1)
    np.testing.assert_array_equal(figure.indices, distances.argmin(axis=1))
    np.testing.assert_allclose(figure.distances, distances.min(axis=1), rtol=1e-6)
    assert figure.images.shape == (6, *SHAPES[kind])
    assert figure.neighbours.shape == (2, *SHAPES[kind])
    assert figure.images.dtype == figure.neighbours.dtype == np.float32
    assert min(figure.images.min(), figure.neighbours.min()) >= 0
    assert max(figure.images.max(), figure.neighbours.max()) <= 1


def test_the_geometry_is_the_papers_unless_told():
    figure = figure2(untrained(), made_images(9), rng=0)
    assert (len(figure.images), len(figure.neighbours)) == (20, 4)


def test_a_seed_gives_the_same_samples_and_lines():
    trained, examples = untrained(), made_images(9)
    for draw in (
        lambda rng: figure2(trained, examples, rng=rng).images,
        lambda rng: figure3(trained, n_lines=2, n_steps=3, rng=rng),
    ):
        np.testing.assert_array_equal(draw(4), draw(4))
        assert not np.array_equal(draw(4), draw(5))


@both_recipes
def test_lines_begin_and_end_at_draws_from_the_prior_and_go_straight(kind):
    trained = untrained(kind)
    images = figure3(trained, n_lines=4, n_steps=5, rng=2)
    z = trained.prior.sample(8, rng=2)
    assert images.shape == (4, 5, *SHAPES[kind])
    assert images.dtype == np.float32
    for i, share in enumerate([0, 0.25, 0.5, 0.75, 1]):
        between = np.float32(1 - share) * z[0::2] + np.float32(share) * z[1::2]
        np.testing.assert_allclose(images[:, i], trained.images(trained.G(between)), rtol=1e-5, atol=1e-6)


def test_more_lines_leave_the_first_as_they_are():
    few, many = (figure3(untrained(), n_lines=n, n_steps=3, rng=0) for n in (2, 5))
    np.testing.assert_array_equal(few, many[:2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_straight_lines_have_exact_ends_and_equal_steps(rng, dtype):
    z_0, z_1 = rng.standard_normal((2, 3, 4)).astype(dtype)
    z = straight_lines(z_0, z_1, 9)
    assert (z.shape, z.dtype) == ((3, 9, 4), dtype)
    np.testing.assert_array_equal(z[:, 0], z_0)
    np.testing.assert_array_equal(z[:, -1], z_1)
    np.testing.assert_allclose(z[:, 4], (z_0 + z_1) / 2, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(np.diff(z, axis=1), np.repeat((z_1 - z_0)[:, None] / 8, 8, axis=1), atol=1e-6)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: figure2(untrained(), made_images(9), n_rows=0), "figure2 got n_rows=0"),
        (lambda: figure2(untrained(), made_images(9), n_columns=0), "figure2 got n_columns=0"),
        (lambda: figure3(untrained(), n_lines=0, n_steps=3), "figure3 got n_lines=0"),
        (lambda: figure3(untrained(), n_lines=2, n_steps=1), "n_steps=1; it takes an int >= 2"),
    ],
)
def test_numbers_that_draw_nothing_are_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_training_images_are_those_of_the_run_and_no_others(tmp_path):
    folder = tiny_run(tmp_path / "run", stop=0)
    config, data = RunFolder(folder).read_config(), tmp_path / "run.npy"
    found = load_again(config).train.images
    np.testing.assert_array_equal(found, load("images", data).train.images)
    moved = data.rename(tmp_path / "moved.npy")
    np.testing.assert_array_equal(load_again(config, moved).train.images, found)
    with pytest.raises(FileNotFoundError, match=r"run\.npy"):
        load_again(config)
    np.save(data, made_images(seed=1))
    with pytest.raises(ValueError, match=r"images in .*run\.npy are not those that the run began with"):
        load_again(config)
