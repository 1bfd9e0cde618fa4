"""Lesson 10: squared_distances, parzen_log_density, mean_and_error, parzen_score."""

import numpy as np

from tinygan.evaluation import ParzenWindow, mean_and_standard_error, parzen_log_likelihood, search_bandwidth
from tinygan.evaluation.distances import squared_differences
from tinygan.lessons.exercise import Exercise, Inputs
from tinygan.lessons.memory_taken import with_memory

# 10.1


def _point_inputs(rng: np.random.Generator) -> Inputs:
    m, n, d = (int(size) for size in rng.permutation([36, 44, 52]) + rng.integers(4, size=3))
    return {"x": rng.random((m, d)), "samples": rng.random((n, d)) ** 2}


squared_distances = Exercise(
    "squared_distances",
    returns=["squares", "memory"],
    inputs=_point_inputs,
    run=with_memory,
    hints=[
        "Write out |x - mu|^2 for two vectors, as you would (a - b)^2 for two numbers. Which of the terms needs both "
        "of them?",
        "|x|^2 + |mu|^2 - 2 x.mu. The first is one number for each row of x, the second one for each sample, and all "
        "x.mu together are a product of two matrices.",
        "(x**2).sum(axis=1)[:, None] + (samples**2).sum(axis=1) - 2 * x @ samples.T",
    ],
)


@squared_distances.answer
def _(x, samples):
    return np.stack([squared_differences(row, samples) for row in x])


@squared_distances.wrong(
    "The values are right, but an array of shape (m, n, d) was made on the way. With 10,000 images and 10,000 samples "
    "it would have 627 gigabytes. Multiply out |x - mu|^2: then the largest array is (m, n)."
)
def broadcast(x, samples):
    return ((x[:, None] - samples) ** 2).sum(axis=2)


@squared_distances.wrong(
    "That is the distance. The Gaussian wants its square: leave out the root, which costs time and is squared again."
)
def root_taken(x, samples):
    return np.sqrt(_expanded(x, samples))


@squared_distances.wrong("The factor 2 is missing: (a - b)^2 = a^2 + b^2 - 2 a b.")
def no_factor_2(x, samples):
    return (x**2).sum(axis=1)[:, None] + (samples**2).sum(axis=1) - x @ samples.T


@squared_distances.wrong(
    "|x|^2 is missing. It changes nothing in which sample is nearest, but a log-density needs the distance itself."
)
def x_squared_forgotten(x, samples):
    return (samples**2).sum(axis=1) - 2 * x @ samples.T


@squared_distances.wrong("|mu|^2 is missing: bright samples come out too near.")
def sample_squared_forgotten(x, samples):
    return (x**2).sum(axis=1)[:, None] - 2 * x @ samples.T


@squared_distances.wrong("The sign is that of (a + b)^2: the product is subtracted, not added.")
def sum_squared(x, samples):
    return (x**2).sum(axis=1)[:, None] + (samples**2).sum(axis=1) + 2 * x @ samples.T


@squared_distances.wrong("That is transposed: a row for each x, a column for each sample.")
def transposed(x, samples):
    return _expanded(x, samples).T


@squared_distances.wrong(
    "That is the mean over the pixels. The squared length of a vector is the sum: it is 784 times as large for MNIST."
)
def mean_over_pixels(x, samples):
    return _expanded(x, samples) / x.shape[1]


def _expanded(x, samples):
    return (x**2).sum(axis=1)[:, None] + (samples**2).sum(axis=1) - 2 * x @ samples.T


# 10.2


def _square_inputs(rng: np.random.Generator) -> Inputs:
    m, n = (int(size) for size in rng.choice(np.arange(3, 9), 2, replace=False))
    sigma = rng.uniform(0.15, 0.25)
    far = rng.uniform(900, 1500, size=(m, 1)) * 2 * sigma**2  # exp(-900) is 0
    near = rng.uniform(0, 4, size=(m, n)) * 2 * sigma**2
    return {"squares": far + near, "sigma": sigma, "d": int(rng.integers(50, 900))}


parzen_log_density = Exercise(
    "parzen_log_density",
    returns=["log_density"],
    inputs=_square_inputs,
    hints=[
        "log p(x) is the logarithm of a mean of exponentials, and a constant. What is exp(-1000) on a computer, and "
        "what is its logarithm?",
        "With a = -squares / (2 sigma^2) and b the largest a of each row: log mean exp(a) = b + log mean exp(a - b). "
        "Then subtract d log(sigma sqrt(2 pi)).",
        "a = -squares / (2 * sigma**2); b = a.max(axis=1, keepdims=True); "
        "b[:, 0] + np.log(np.exp(a - b).mean(axis=1)) - d * np.log(sigma * np.sqrt(2 * np.pi))",
    ],
    allowed=(),
)


def _log_mean_exp(a):
    b = a.max(axis=1, keepdims=True)
    return b[:, 0] + np.log(np.exp(a - b).mean(axis=1))


@parzen_log_density.answer
def _(squares, sigma, d):
    from scipy.special import logsumexp
    from scipy.stats import norm

    n = squares.shape[1]
    return logsumexp(-squares / (2 * sigma**2), axis=1, b=1 / n) + d * norm.logpdf(0, scale=sigma)


def _normaliser(sigma, d):
    return d * np.log(sigma * np.sqrt(2 * np.pi))


@parzen_log_density.wrong(
    "The formula is right and the numbers do not survive it: exp(-1000) is 0 in floating point, and log 0 is -inf. "
    "Subtract the largest exponent of each row before exp, and add it after log (log-sum-exp)."
)
def no_logsumexp(squares, sigma, d):
    return np.log(np.exp(-squares / (2 * sigma**2)).mean(axis=1)) - _normaliser(sigma, d)


@parzen_log_density.wrong(
    "The largest exponent was subtracted before exp, and it is not added again after log. Without it, near and far "
    "images score alike."
)
def shift_not_undone(squares, sigma, d):
    a = -squares / (2 * sigma**2)
    return np.log(np.exp(a - a.max(axis=1, keepdims=True)).mean(axis=1)) - _normaliser(sigma, d)


@parzen_log_density.wrong(
    "d log(sigma sqrt(2 pi)) is missing. Without it, every wider window scores higher, and the best sigma is infinite."
)
def no_normaliser(squares, sigma, d):
    return _log_mean_exp(-squares / (2 * sigma**2))


@parzen_log_density.wrong(
    "log(sigma sqrt(2 pi)) is subtracted once. A Gaussian in d dimensions is a product of d of them, so its logarithm "
    "has this term d times."
)
def one_dimension(squares, sigma, d):
    return _log_mean_exp(-squares / (2 * sigma**2)) - _normaliser(sigma, 1)


@parzen_log_density.wrong("d log sigma is there, but not the sqrt(2 pi): in 784 dimensions that is 720 nats.")
def no_root_of_2_pi(squares, sigma, d):
    return _log_mean_exp(-squares / (2 * sigma**2)) - d * np.log(sigma)


@parzen_log_density.wrong(
    "The kernels are added up, and p(x) is their mean: log n is missing. With a sum, more samples are always better."
)
def sum_of_kernels(squares, sigma, d):
    return _log_mean_exp(-squares / (2 * sigma**2)) + np.log(squares.shape[1]) - _normaliser(sigma, d)


@parzen_log_density.wrong(
    "That is the mean of the logarithms: a sample far away would count as much as a near one. A mixture adds up "
    "densities, so the logarithm comes last."
)
def mean_of_logs(squares, sigma, d):
    return (-squares / (2 * sigma**2)).mean(axis=1) - _normaliser(sigma, d)


@parzen_log_density.wrong(
    "Only the nearest sample counts here. That is the largest term of the sum; the others belong in it, and the 1/n."
)
def nearest_alone(squares, sigma, d):
    return (-squares / (2 * sigma**2)).max(axis=1) - _normaliser(sigma, d)


@parzen_log_density.wrong("The 2 of the Gaussian's exponent is missing: -squares / (2 sigma^2).")
def no_half(squares, sigma, d):
    return _log_mean_exp(-squares / sigma**2) - _normaliser(sigma, d)


@parzen_log_density.wrong("The exponent is divided by 2 sigma: it wants the variance, 2 sigma^2.")
def sigma_not_squared(squares, sigma, d):
    return _log_mean_exp(-squares / (2 * sigma)) - _normaliser(sigma, d)


# 10.3


def _density_inputs(rng: np.random.Generator) -> Inputs:
    return {"log_densities": 200 + rng.gamma(2, 40, size=int(rng.integers(5, 15)))}


mean_and_error = Exercise(
    "mean_and_error",
    returns=["mean", "standard_error"],
    inputs=_density_inputs,
    hints=[
        "One number says how far the log-densities lie apart. Another says how far their mean would move with other "
        "test images. Which of them shrinks when there are more images?",
        "The variance of a sum of n independent numbers is n times that of one, so the variance of their mean is 1/n "
        "of it.",
        "The mean is log_densities.mean(), and the standard error log_densities.std() / np.sqrt(len(log_densities)).",
    ],
)


@mean_and_error.answer
def _(log_densities):
    return mean_and_standard_error(log_densities)


@mean_and_error.wrong(
    "That is the standard deviation: how far images lie apart. The mean of n of them is sqrt(n) times as certain, so "
    "divide by sqrt(n)."
)
def no_root_of_n(log_densities):
    return log_densities.mean(), log_densities.std()


@mean_and_error.wrong("The error is divided by n. Variances shrink like 1/n, deviations like 1/sqrt(n).")
def divided_by_n(log_densities):
    return log_densities.mean(), log_densities.std() / len(log_densities)


@mean_and_error.wrong("That starts from the variance, in nats squared. Take the standard deviation, std.")
def variance_for_deviation(log_densities):
    return log_densities.mean(), log_densities.var() / np.sqrt(len(log_densities))


@mean_and_error.wrong("That is the variance of the mean. Its root is the standard error, in nats.")
def root_forgotten(log_densities):
    return log_densities.mean(), log_densities.var() / len(log_densities)


@mean_and_error.wrong(
    "The deviation is computed with n - 1 (ddof=1). Statisticians have good reasons for it. The authors' code divides "
    "by n, as np.std does, and for their 10,000 images it makes no difference."
)
def n_minus_1(log_densities):
    return log_densities.mean(), log_densities.std(ddof=1) / np.sqrt(len(log_densities))


@mean_and_error.wrong("The mean is a sum here: divide by the number of images.")
def sum_for_mean(log_densities):
    return log_densities.sum(), log_densities.std() / np.sqrt(len(log_densities))


# 10.4


def _split_inputs(rng: np.random.Generator) -> Inputs:
    """Return samples whose best sigma is another one on validation than on test images, by how far these spread."""
    d = int(rng.integers(4, 9))
    n, k, m = (int(size) for size in rng.permutation([20, 25, 30]) + rng.integers(4, size=3))
    return {
        "samples": rng.normal(size=(n, d)),
        "validation": 1.5 * rng.normal(size=(k, d)),
        "test": 3.0 * rng.normal(size=(m, d)),
        "sigmas": np.geomspace(0.7, 50, 14) * rng.uniform(0.9, 1.1),
    }


parzen_score = Exercise(
    "parzen_score",
    returns=["mean", "standard_error", "sigma"],
    inputs=_split_inputs,
    tolerance=1e-4,
    hints=[
        "Three sets of images have three jobs. Which of them may say what sigma is, and which is looked at only once?",
        "For each sigma, take the mean log-density of the validation images. With the sigma of the highest mean, take "
        "the log-densities of the test images, once.",
        "squares = squared_distances(validation, samples); means = [parzen_log_density(squares, s, d).mean() for s in "
        "sigmas]; sigma = sigmas[np.argmax(means)]; then the same with test for this one sigma, and mean_and_error.",
    ],
)


@parzen_score.answer
def _(samples, validation, test, sigmas):
    found = parzen_log_likelihood(samples, test, validation, sigmas)
    return found.mean, found.standard_error, found.bandwidth


def _scored(samples, chosen_on, scored_on, sigmas):
    found = parzen_log_likelihood(samples, scored_on, chosen_on, sigmas)
    return found.mean, found.standard_error, found.bandwidth


@parzen_score.wrong(
    "sigma is chosen on the test images. Then the score is the best of several tries on them, and no longer tells how "
    "the window does on images that it has never seen. Choose on validation."
)
def sigma_on_test(samples, validation, test, sigmas):
    return _scored(samples, test, test, sigmas)


@parzen_score.wrong(
    "sigma is chosen on the samples themselves. Each is at distance 0 from its own window, so the narrowest wins, and "
    "the test images lie far outside. Choose on validation."
)
def sigma_on_samples(samples, validation, test, sigmas):
    return _scored(samples, samples, test, sigmas)


@parzen_score.wrong(
    "What is reported is the score of the validation images, for which sigma was chosen. Report the test images'."
)
def validation_reported(samples, validation, test, sigmas):
    return _scored(samples, validation, validation, sigmas)


@parzen_score.wrong("The sigma of the lowest mean is taken. A log-likelihood is to be high: argmax.")
def lowest_taken(samples, validation, test, sigmas):
    worst = sigmas[search_bandwidth(samples, validation, sigmas).curve.argmin()]
    return _scored(samples, validation, test, [worst])


@parzen_score.wrong(
    "The windows stand on the images, and the samples are scored. That asks whether samples look like "
    "images. Table 1 asks whether images look like samples, so that a G that leaves out a digit pays for it."
)
def the_other_way_round(samples, validation, test, sigmas):
    sigma = search_bandwidth(validation, samples, sigmas).bandwidth
    return *mean_and_standard_error(ParzenWindow(test, sigma).log_density(samples)), sigma


@parzen_score.wrong(
    "No sigma is chosen: it is the mean of the list. Between its ends lie hundreds of nats; try all on validation."
)
def mean_sigma(samples, validation, test, sigmas):
    return _scored(samples, validation, test, [float(np.mean(sigmas))])
