"""Lesson 11: nearest_indices, distances_to_training, images_on_a_line, step_lengths."""

import numpy as np

from tinygan.evaluation import nearest_neighbours
from tinygan.evaluation.distances import squared_differences
from tinygan.experiments.figures2and3 import straight_lines
from tinygan.lessons.exercise import Answer, Exercise, Inputs
from tinygan.lessons.memory_taken import with_memory

# 11.1


def _neighbour_inputs(rng: np.random.Generator) -> Inputs:
    m, n, d = (int(size) for size in rng.permutation([36, 44, 52]) + rng.integers(4, size=3))
    brightness = rng.uniform(0.3, 1, size=(n, 1))
    return {"x": rng.random((m, d)), "examples": brightness * rng.random((n, d))}


nearest_indices = Exercise(
    "nearest_indices",
    returns=["indices", "memory"],
    inputs=_neighbour_inputs,
    run=with_memory,
    hints=[
        "Which example has the least distance also has the least squared distance. Which terms of |x - mu|^2 differ "
        "from one example to the next?",
        "|x - mu|^2 = |x|^2 + |mu|^2 - 2 x.mu. All x.mu are one product of matrices. Then ask each row where its least "
        "entry is.",
        "squares = (examples**2).sum(axis=1) - 2 * x @ examples.T, which leaves out |x|^2, the same for all examples; "
        "then squares.argmin(axis=1).",
    ],
)


@nearest_indices.answer
def _(x, examples):
    return np.array([squared_differences(row, examples).argmin() for row in x])


def _squares(x, examples):
    return (x**2).sum(axis=1)[:, None] + (examples**2).sum(axis=1) - 2 * x @ examples.T


@nearest_indices.wrong(
    "The indices are right, but an array of shape (m, n, d) was made on the way. For 300 samples and 50,000 images it "
    "has 94 gigabytes. Multiply out |x - mu|^2: then the largest array is (m, n)."
)
def broadcast(x, examples):
    return ((x[:, None] - examples) ** 2).sum(axis=2).argmin(axis=1)


@nearest_indices.wrong("That is the farthest example: argmax. The nearest has the least distance.")
def farthest(x, examples):
    return _squares(x, examples).argmax(axis=1)


@nearest_indices.wrong(
    "That is the example with the largest product x.mu. A bright image has a large product with everything. What is "
    "missing is |mu|^2."
)
def largest_product(x, examples):
    return (x @ examples.T).argmax(axis=1)


@nearest_indices.wrong(
    "That finds, for each example, the nearest row of x. Figure 2 asks the other way round: one example for each row "
    "of x, so axis 1."
)
def nearest_row_of_x(x, examples):
    return _squares(x, examples).argmin(axis=0)


@nearest_indices.wrong(
    "The differences are added up before they are squared, so a pixel too dark makes up for a pixel too bright. Square "
    "each difference first."
)
def differences_cancel(x, examples):
    return ((x.sum(axis=1)[:, None] - examples.sum(axis=1)) ** 2).argmin(axis=1)


@nearest_indices.wrong(
    "That is the smallest angle between two images: it does not see how bright they are. The distance does."
)
def by_angle(x, examples):
    return (x @ (examples / np.linalg.norm(examples, axis=1, keepdims=True)).T).argmax(axis=1)


@nearest_indices.wrong("These are the distances. To show the images, the lesson needs to know which they are: argmin.")
def distances_returned(x, examples):
    return np.sqrt(_squares(x, examples).min(axis=1))


# 11.2


def _three_sets(rng: np.random.Generator) -> Inputs:
    d = int(rng.integers(4, 9))
    n_samples, n_train, n_test = (int(size) for size in rng.permutation([20, 25, 30]) + rng.integers(4, size=3))
    return {
        "samples": rng.normal(size=(n_samples, d)),
        "train": rng.normal(size=(n_train, d)),
        "test": rng.normal(size=(n_test, d)),
    }


distances_to_training = Exercise(
    "distances_to_training",
    returns=["of_samples", "of_test"],
    inputs=_three_sets,
    hints=[
        "A distance is large or small beside another one. Which images are as new to the training set as G's samples "
        "should be?",
        "Both arrays are distances to the nearest of the training images: once from each sample, once from each test "
        "image.",
        "nearest = train[nearest_indices(samples, train)]; np.linalg.norm(samples - nearest, axis=1); and the same for "
        "test.",
    ],
)


def _distances(x, examples):
    return nearest_neighbours(x, examples)[1]


@distances_to_training.answer
def _(samples, train, test):
    return _distances(samples, train), _distances(test, train)


@distances_to_training.wrong(
    "The samples' neighbours are looked for among the test images. G has never seen those, so it cannot have learned "
    "them by heart. Look among the training images."
)
def neighbour_among_test_images(samples, train, test):
    return _distances(samples, test), _distances(test, train)


@distances_to_training.wrong(
    "The test images are compared with themselves: each is its own nearest, at distance 0. Look among the training "
    "images."
)
def test_with_itself(samples, train, test):
    return _distances(samples, train), np.zeros(len(test))


@distances_to_training.wrong(
    "That starts from the training images. A training image that no sample comes near says that G leaves something "
    "out, not that it copies. Start from each sample and from each test image."
)
def from_the_training_images(samples, train, test):
    return _distances(train, samples), _distances(train, test)


@distances_to_training.wrong(
    "The second array goes from test images to samples. The yardstick is how near new *real* images come to the "
    "training images."
)
def test_to_samples(samples, train, test):
    return _distances(samples, train), _distances(test, samples)


@distances_to_training.wrong("These are squared distances: take the root.")
def squared(samples, train, test):
    return _distances(samples, train) ** 2, _distances(test, train) ** 2


@distances_to_training.wrong("The two arrays are in the other order: the samples' come first.")
def swapped(samples, train, test):
    return _distances(test, train), _distances(samples, train)


@distances_to_training.wrong(
    "That is the mean distance to all training images. A copy is near to one of them: take the nearest."
)
def mean_over_all(samples, train, test):
    return tuple(np.sqrt(_squares(x, train)).mean(axis=1) for x in (samples, test))


# 11.3


def _line_inputs(rng: np.random.Generator) -> Inputs:
    n_latent, n_hidden, n_pixels, n_steps = (int(size) for size in rng.choice(np.arange(4, 10), 4, replace=False))
    return {
        "z_0": rng.uniform(-1, 1, n_latent),
        "z_1": rng.uniform(-1, 1, n_latent),
        "n_steps": n_steps,
        "weight_1": rng.normal(size=(n_latent, n_hidden)),
        "weight_2": rng.normal(size=(n_hidden, n_pixels)),
    }


def _with_a_generator(function: Answer, inputs: Inputs) -> object:
    """Call the function with a G that is made from the weights."""
    z_0, z_1, n_steps, weight_1, weight_2 = inputs.values()

    def G(z):
        return 1 / (1 + np.exp(-np.maximum(z @ weight_1, 0) @ weight_2))

    return function(G, z_0, z_1, n_steps)


images_on_a_line = Exercise(
    "images_on_a_line",
    returns=["images"],
    inputs=_line_inputs,
    run=_with_a_generator,
    hints=[
        "Where does the straight line lie: among the images, or among the z? And what does G do with its points?",
        "A point on the line is (1 - t) z_0 + t z_1, with t from 0 to 1. Make one row of z for each t, and give all of "
        "them to G.",
        "t = np.linspace(0, 1, n_steps)[:, None]; G((1 - t) * z_0 + t * z_1)",
    ],
)


@images_on_a_line.answer
def _(G, z_0, z_1, n_steps):
    return G(straight_lines(z_0[None], z_1[None], n_steps)[0])


def _t(n_steps):
    return np.linspace(0, 1, n_steps)[:, None]


@images_on_a_line.wrong(
    "That is a line between two images: each picture in the middle shows both at once, like a film exposed twice. The "
    "line is to be drawn between z_0 and z_1, and G turns each point of it into an image."
)
def line_between_images(G, z_0, z_1, n_steps):
    t = _t(n_steps)
    return (1 - t) * G(z_0[None]) + t * G(z_1[None])


@images_on_a_line.wrong("The line runs from z_1 to z_0: at t = 0 it must be at z_0.")
def other_direction(G, z_0, z_1, n_steps):
    t = _t(n_steps)
    return G(t * z_0 + (1 - t) * z_1)


@images_on_a_line.wrong(
    "The line stops one step before z_1. A line has two ends, and np.linspace gives both unless told otherwise; "
    "np.arange does not."
)
def last_end_missing(G, z_0, z_1, n_steps):
    t = (np.arange(n_steps) / n_steps)[:, None]
    return G((1 - t) * z_0 + t * z_1)


@images_on_a_line.wrong(
    "z_0 keeps its full weight all the way: that ends at z_0 + z_1, a point that the prior may never draw. The weights "
    "1 - t and t add up to 1."
)
def weights_do_not_add_up(G, z_0, z_1, n_steps):
    return G(z_0 + _t(n_steps) * z_1)


@images_on_a_line.wrong("These are the points in z. G has not seen them yet: return the images.")
def points_without_G(G, z_0, z_1, n_steps):
    t = _t(n_steps)
    return (1 - t) * z_0 + t * z_1


@images_on_a_line.wrong("Only the two ends are drawn, again and again. What lies between them is the question.")
def ends_only(G, z_0, z_1, n_steps):
    return np.where(_t(n_steps) < 0.5, G(z_0[None]), G(z_1[None]))


# 11.4


def _path_inputs(rng: np.random.Generator) -> Inputs:
    n_steps, n_pixels = (int(size) for size in rng.choice(np.arange(5, 12), 2, replace=False))
    return {"images": rng.random((n_steps, n_pixels))}


step_lengths = Exercise(
    "step_lengths",
    returns=["lengths"],
    inputs=_path_inputs,
    hints=[
        "Between n images there are n - 1 steps. How far is it from each image to the next one?",
        "images[1:] - images[:-1] holds all the steps, a row each. The length of a row is the root of its sum of "
        "squares.",
        "np.linalg.norm(images[1:] - images[:-1], axis=1)",
    ],
)


@step_lengths.answer
def _(images):
    return np.sqrt(np.square(np.diff(images, axis=0)).sum(axis=1))


@step_lengths.wrong(
    "These are the distances from the first image. Ask how far it is from each image to the next: a jump shows in one "
    "step, and here it would show in all that follow."
)
def from_the_first(images):
    return np.linalg.norm(images[1:] - images[0], axis=1)


@step_lengths.wrong("These are squared lengths: take the root.")
def squared_lengths(images):
    return ((images[1:] - images[:-1]) ** 2).sum(axis=1)


@step_lengths.wrong("The sum goes over the steps, and it must go over the pixels: axis 1. A length belongs to a step.")
def over_the_steps(images):
    return np.linalg.norm(images[1:] - images[:-1], axis=0)


@step_lengths.wrong(
    "The differences of the pixels are added up with their signs, so ink that only moves counts as nothing. Square "
    "each of them, add up, and take the root."
)
def signs_kept(images):
    return (images[1:] - images[:-1]).sum(axis=1)


@step_lengths.wrong("That is the length in L1, the sum of absolute differences. The neighbours were nearest in L2.")
def in_l1(images):
    return np.abs(images[1:] - images[:-1]).sum(axis=1)


@step_lengths.wrong("That is the length of each image, not of the way from one to the next.")
def lengths_of_images(images):
    return np.linalg.norm(images, axis=1)
