"""Wrong input at the public door: every error names what it got and says what it takes."""

import re

import numpy as np
import pytest

from tinygan.adversarial import (
    AffineGenerator,
    NoisePrior,
    discriminator_error,
    discriminator_loss,
    discriminator_step,
    generator_loss,
    generator_step,
    jensen_shannon_divergence,
    kullback_leibler,
    optimal_discriminator,
    pushforward_density,
    train,
    value_from_logits,
    value_function,
)
from tinygan.backend import as_rng, to_device
from tinygan.data import Exponential, Gaussian, Gumbel, Laplace, Mixture, Ring, Uniform, parse_distribution
from tinygan.functional import log_mean_exp
from tinygan.gradcheck import check_gradients
from tinygan.layers import (
    Dropout,
    LeakyReLU,
    Linear,
    Maxout,
    Parameter,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    normal,
    trace,
    uniform,
)
from tinygan.optim import SGD, RMSProp, exponential_decay, linear_ramp

X = np.ones((4, 3), np.float32)
GRID = np.linspace(0, 1, 5)
FLAT = np.ones(5)
WITHOUT_MASS = np.zeros(5)
NEGATIVE = np.array([1, 1, -1, 1, 1.0])


def cache_of(layer, x=X):
    return layer.forward(x, rng=0)[1]


def learned(n=2):
    return [Parameter(np.ones(2, np.float32), f"theta{i}") for i in range(n)]


def stepped_without_gradient():
    SGD(learned(), 0.1).step()


def second_parameter_twice():
    thetas = learned()
    RMSProp([*thetas, thetas[1]], 0.1)


def two_logits():
    D = Linear(3, 2)
    discriminator_step(D, Linear(1, 3), X, X[:, :1], SGD(D.parameters, 0.1))


class Sampler:
    """Draws what it is told to, at first with a good example for the checks of `train`."""

    def __init__(self, then, first=((1.0,),)):
        self.answers = [np.array(first, np.float32), then]

    def sample(self, n, *, rng=None):
        return self.answers.pop(0)


def game(x=X[:, :1], D=None, G=None, prior=None, **options):
    """Train for an iteration, with one thing wrong."""
    D, G = D or Linear(1, 1, rng=0), G or Linear(1, 1, rng=1)
    prior = prior or NoisePrior("uniform", 1)
    arguments = {"n_iterations": 1, "batch_size": 2, "rng": 0} | options
    players = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
    return list(train(D, G, x, prior, **players | arguments))


# (what is wrong, call, exception, what its message must say: what was given, and what is wanted)
# fmt: off
CASES = [
    # what a layer is given
    ("x too wide", lambda: Linear(2, 3)(X), ValueError, r"^Linear\(2, 3\) got x of shape \(4, 3\); it takes \(m, 2\)$"),
    ("x of images", lambda: Linear(784, 1)(np.ones((2, 28, 28), np.float32)), ValueError,
     r"^Linear\(784, 1\) got x of shape \(2, 28, 28\); it takes \(m, 784\)\. Did you mean x\.reshape\(len"),
    ("x of one dimension", lambda: Linear(3, 1)(X[0]), ValueError,
     r"got x of shape \(3,\); it takes \(m, 3\)\. Did you mean x\[None, :\]"),
    ("x of one dimension to ReLU", lambda: ReLU()(X[0]), ValueError,
     r"ReLU\(\) got x of shape \(3,\); it takes \(m, \.\.\.\)"),
    ("scalar x", lambda: Tanh()(np.float32(1)), ValueError, r"Tanh\(\) got x of shape \(\); it takes \(m, \.\.\.\)"),
    ("empty batch", lambda: Linear(3, 1)(X[:0]), ValueError,
     r"got x of shape \(0, 3\), an empty batch; it takes \(m, 3\)"),
    ("empty batch in training", lambda: Sigmoid().forward(X[:0]), ValueError, r"\(0, 3\), an empty batch; it takes"),
    ("integer x", lambda: Linear(3, 1)(X.astype(int)), TypeError, r"got x of dtype int64; it takes float32 or float64"),
    ("float16 x", lambda: ReLU()(X.astype(np.float16)), TypeError,
     r"ReLU\(\) got x of dtype float16; it takes float32"),
    ("object x", lambda: Maxout(3)(X.astype(object)), TypeError,
     r"Maxout\(3\) got x of dtype object; it takes float32"),
    ("complex x", lambda: Tanh()(X.astype(complex)), TypeError,
     r"got x of dtype complex128; it takes float32 or float64"),
    ("list as x", lambda: Linear(3, 1)([[1.0, 2.0, 3.0]]), TypeError,
     r"got x of type list; it takes an array of float32"),
    ("None as x", lambda: Sequential(ReLU())(None), TypeError, r"ReLU\(\) got x of type NoneType; it takes an array"),
    ("width not divisible", lambda: Maxout(2)(X), ValueError,
     r"^Maxout\(2\) got x of shape \(4, 3\); it takes \(m, 2 \* n_"),
    ("images to Maxout", lambda: Maxout(1)(X[..., None]), ValueError,
     r"Maxout\(1\) got x of shape \(4, 3, 1\); it takes"),
    ("no rng", lambda: Dropout(0.5).forward(X), ValueError,
     r"^Dropout\(0\.5\)\.forward got no rng, and dropout draws; "
     r"pass rng=np\.random\.default_rng\(seed\), or call layer\(x\) to evaluate$"),
    ("float as rng", lambda: Dropout(0.5).forward(X, rng=0.5), TypeError,
     r"^rng got 0\.5; it takes a numpy\.random\.Gen"),
    ("list to trace", lambda: trace(Linear(3, 1), [[1.0]]), TypeError,
     r"Linear\(3, 1\) got x of type list; it takes an"),
    # what a backward pass is given
    ("no cache", lambda: ReLU().backward_input(X, None), ValueError,
     r"^ReLU\(\) got a cache of type NoneType; pass the one"),
    ("no cache for Linear", lambda: Linear(3, 1).backward_params(X[:, :1], None), ValueError,
     r"cache of type NoneType; pass"),
    ("no cache for Maxout", lambda: Maxout(3).backward_input(X[:, :1], None), ValueError,
     r"cache of type NoneType; pass"),
    ("no cache for Dropout", lambda: Dropout(0.5).backward_input(X, None), ValueError,
     r"cache of type NoneType; pass the one"),
    ("cache of another batch", lambda: Linear(3, 1).backward(np.ones((5, 1), np.float32), cache_of(Linear(3, 1))),
     ValueError,
     r"got grad_y of shape \(5, 1\), but the y of this cache has shape \(4, 1\); is it the cache of another call\?"),
    ("cache of another layer", lambda: Sigmoid().backward_input(X[:, :1], cache_of(Sigmoid())), ValueError,
     r"^Sigmoid\(\) got grad_y of shape \(4, 1\), but the y of this cache has shape \(4, 3\)"),
    ("cache of a layer for Sequential", lambda: Sequential(ReLU(), Tanh()).backward_input(X, cache_of(ReLU())),
     ValueError,
     r"^Sequential of 2 layers got a cache of type ndarray; pass the one that its forward returned together with y"),
    ("cache of Sequential for a layer", lambda: ReLU().backward_input(X, cache_of(Sequential(ReLU()))), ValueError,
     r"^ReLU\(\) got a cache of type list; pass the one that its forward returned"),
    ("cache of a shorter Sequential",
     lambda: Sequential(ReLU(), Tanh()).backward_params(X, cache_of(Sequential(ReLU()))), ValueError,
     r"^Sequential of 2 layers got a cache of type list"),
    ("integer grad_y", lambda: Tanh().backward_input(X.astype(int), X), TypeError,
     r"got grad_y of dtype int64; it takes float"),
    ("list as grad_y", lambda: Tanh().backward_input([[1.0]], X), TypeError,
     r"got grad_y of type list; it takes an array"),
    # how a layer is built
    ("no columns in", lambda: Linear(0, 3), ValueError, r"^Linear got n_in=0; it takes an int >= 1$"),
    ("negative columns out", lambda: Linear(3, -1), ValueError, r"^Linear got n_out=-1; it takes an int >= 1$"),
    ("half a column", lambda: Linear(2.5, 3), TypeError, r"^Linear got n_in=2\.5; it takes an int >= 1$"),
    ("integer parameters", lambda: Linear(2, 3, dtype=int), TypeError,
     r"^Linear got dtype int64; it takes float32 or float64"),
    ("half precision", lambda: Linear(2, 3, dtype=np.float16), TypeError,
     r"^Linear got dtype float16; it takes float32 or"),
    ("zero pieces", lambda: Maxout(0), ValueError, r"^Maxout got n_pieces=0; it takes an int >= 1$"),
    ("pieces as float", lambda: Maxout(5.0), TypeError, r"^Maxout got n_pieces=5\.0; it takes an int >= 1$"),
    ("pieces as bool", lambda: Maxout(True), TypeError, r"^Maxout got n_pieces=True; it takes an int >= 1$"),
    ("negative rate", lambda: Dropout(-0.1), ValueError,
     r"^Dropout got rate=-0\.1; it takes a number in \[0, 1\)$"),
    ("rate 1", lambda: Dropout(1), ValueError, r"^Dropout got rate=1; it takes a number in \[0, 1\)"),
    ("NaN as rate", lambda: Dropout(float("nan")), ValueError, r"^Dropout got rate=nan; it takes a number in \[0, 1\)"),
    ("negative slope", lambda: LeakyReLU(-0.01), ValueError,
     r"^LeakyReLU got slope=-0\.01; it takes a number from 0 to 1$"),
    ("slope above 1", lambda: LeakyReLU(1.5), ValueError, r"^LeakyReLU got slope=1\.5; it takes a number from 0 to 1$"),
    ("negative range", lambda: uniform(-0.05), ValueError,
     r"^uniform got irange=-0\.05; it takes a finite number >= 0$"),
    ("NaN as deviation", lambda: normal(float("nan")), ValueError,
     r"^normal got std=nan; it takes a finite number >= 0$"),
    ("no layers", lambda: Sequential(), ValueError,
     r"^Sequential got no layers; it takes at least one, as in Sequential\(Lin"),
    ("list of layers", lambda: Sequential([ReLU(), Tanh()]), TypeError,
     r"^Sequential got \[ReLU\(\), Tanh\(\)\] as layer 0; it takes layers one by one, did you mean Seq"),
    ("layer class", lambda: Sequential(Linear(2, 3), ReLU), TypeError,
     r"^Sequential got .*ReLU.* as layer 1; it takes layers, did you mean ReLU\(\.\.\.\)\?"),
    ("function as layer", lambda: Sequential(np.tanh), TypeError,
     r"^Sequential got <ufunc 'tanh'> as layer 0; it takes layers"),
    ("layers that do not fit", lambda: Sequential(Linear(2, 3), ReLU(), Linear(4, 1)), ValueError,
     r"layer 2 does not fit on layer 1: Linear\(4, 1\) takes \(m, 4\), not \(m, 3\)"),
    ("pieces that do not fit", lambda: Sequential(Linear(2, 3), Maxout(2)), ValueError,
     r"layer 1 does not fit on layer 0: Maxout\(2\) takes \(m, 2 \* n_units\), not \(m, 3\)"),
    # optimisers and schedules
    ("nothing to learn", lambda: SGD(ReLU().parameters, 0.1), ValueError,
     r"^SGD got no parameters; it takes those of a network"),
    ("array as parameter", lambda: SGD([X], 0.1), TypeError,
     r"^SGD got ndarray as a parameter; it takes Parameters, as in D\."),
    ("parameter twice", second_parameter_twice, ValueError, r"^RMSProp got Parameter\('theta1'.* twice; it takes e"),
    ("negative learning rate", lambda: SGD(learned(), -1), ValueError,
     r"^SGD got learning_rate=-1; it takes a finite number >="),
    ("NaN as learning rate", lambda: RMSProp(learned(), np.nan), ValueError,
     r"^RMSProp got learning_rate=nan; it takes a fin"),
    ("infinite learning rate", lambda: SGD(learned(), np.inf), ValueError,
     r"^SGD got learning_rate=inf; it takes a finite num"),
    ("momentum 1", lambda: SGD(learned(), 0.1, 1), ValueError,
     r"^SGD got momentum=1; it takes a number in \[0, 1\)$"),
    ("negative momentum", lambda: SGD(learned(), 0.1, -0.5), ValueError,
     r"^SGD got momentum=-0\.5; it takes a number in \[0, 1\)$"),
    ("decay 1", lambda: RMSProp(learned(), 0.1, decay=1.0), ValueError,
     r"^RMSProp got decay=1\.0; it takes a number in \[0, 1\)$"),
    ("negative epsilon", lambda: RMSProp(learned(), 0.1, epsilon=-1), ValueError,
     r"^RMSProp got epsilon=-1; it takes a finite"),
    ("no gradient", stepped_without_gradient, ValueError,
     r"^SGD\.step found no gradient on Parameter\('theta0'.* \(parameter 0\); call backward_params .* first$"),
    ("growing decay", lambda: exponential_decay(0.1, 2, 3), ValueError,
     r"^exponential_decay got factor=2; it takes .*\(0, 1\]"),
    ("decay before the start", lambda: exponential_decay(0.1, 0.5, -1), ValueError,
     r"got t=-1; it takes a number >= 0$"),
    ("ramp without length", lambda: linear_ramp(0, 1, 0, 3), ValueError,
     r"^linear_ramp got length=0; it takes a number > 0$"),
    ("ramp before the start", lambda: linear_ramp(0, 1, 10, -1), ValueError,
     r"^linear_ramp got t=-1; it takes a number >= 0$"),
    # losses
    ("two logits", lambda: generator_loss(X[:, :2]), ValueError,
     r"^generator_loss got logits_fake of shape \(4, 2\); it takes \(m, 1\) or \(m,\)"),
    ("no logits", lambda: generator_loss(X[:0, :1]), ValueError,
     r"got logits_fake of shape \(0, 1\); it takes .*with m >= 1"),
    ("integer logits", lambda: discriminator_loss(np.array([1]), X[:, 0]), TypeError,
     r"^discriminator_loss got logits_real of dtype int\d+; it takes float32 or float64"),
    ("list as logits", lambda: discriminator_loss(X[:, 0], [0.5]), TypeError,
     r"^discriminator_loss got logits_fake of type list; it takes an arr"),
    ("unknown objective", lambda: generator_loss(X[:, :1], "wasserstein"), ValueError,
     r"^generator_loss got objective 'wasserstein'; it takes one of 'non_saturating', 'minimax'$"),
    ("D with two logits", two_logits, ValueError,
     r"got logits_real of shape \(4, 2\); .*one logit an example: does D end in Linear\(n, 1\)\?"),
    ("integer data", lambda: game(np.ones((4, 1), int)), TypeError,
     r"^train got x of dtype int\d+; it takes float32 or float64, for example x\.astype.* or an object with \.sample$"),
    ("list as data", lambda: game([[1.0]]), TypeError,
     r"^train got x of type list; it takes .* or an object with \.sample"),
    ("NaN in the data", lambda: game(np.array([[1.0], [np.nan]])), ValueError,
     r"got x with NaN or infinite entries; it takes f"),
    ("infinity in the data", lambda: game(np.array([[1.0], [np.inf]])), ValueError,
     r"got x with NaN or infinite entries"),
    ("data of one dimension", lambda: game(np.ones(4)), ValueError,
     r"got x of shape \(4,\); it takes \(n, \.\.\.\) with n >= 1"),
    ("no data", lambda: game(np.ones((0, 1))), ValueError,
     r"got x of shape \(0, 1\); it takes \(n, \.\.\.\) with n >= 1"),
    ("NaN from a sampler at once", lambda: game(Sampler(None, [[np.nan]])), ValueError,
     r"x with NaN or infinite entries"),
    ("NaN from a sampler later", lambda: game(Sampler(np.full((2, 1), np.nan))), ValueError,
     r"x with NaN or infinite entries"),
    ("integers from a sampler", lambda: game(Sampler(np.ones((2, 1), int))), TypeError,
     r"train got x of dtype int\d+; it takes"),
    ("G too wide for D", lambda: game(G=Linear(1, 3)), ValueError,
     r"a G that returns examples of shape \(3,\), but x holds examples of shape \(1,\)"),
    ("D too narrow for x", lambda: game(D=Linear(2, 1)), ValueError,
     r"^Linear\(2, 1\) got x of shape \(1, 1\); it takes \(m, 2"),
    ("D with three logits", lambda: game(D=Linear(1, 3)), ValueError,
     r"D that returns shape \(1, 3\) .*; it takes one logit"),
    ("prior too wide for G", lambda: game(prior=NoisePrior("uniform", 2)), ValueError,
     r"got x of shape \(1, 2\); it takes \(m, 1"),
    ("no iterations", lambda: game(n_iterations=0), ValueError, r"^train got n_iterations=0; it takes an int >= 1$"),
    ("iterations as float", lambda: game(n_iterations=1e3), TypeError,
     r"^train got n_iterations=1000\.0; it takes an int >= 1$"),
    ("empty batches", lambda: game(batch_size=0), ValueError, r"^train got batch_size=0; it takes an int >= 1$"),
    ("no steps of D", lambda: game(discriminator_steps=0), ValueError,
     r"^train got discriminator_steps=0; it takes an int >= 1$"),
    ("objective of train", lambda: game(objective="ls"), ValueError,
     r"^train got objective 'ls'; it takes one of 'non_saturating'"),
    ("unknown updates", lambda: game(updates="both"), ValueError,
     r"^train got updates 'both'; it takes one of 'alternating', 'simu"),
    ("simultaneous with k of 2", lambda: game(updates="simultaneous", discriminator_steps=2), ValueError,
     r"^train got discriminator_steps=2 with simultaneous updates, "
     r"where both players move at once; it takes 1 there, or updates=\"alternating\"$"),
    ("negative seed", lambda: game(rng=-1), ValueError, r"^rng got the seed -1; it takes an int >= 0$"),
    ("unknown prior", lambda: NoisePrior("normal", 2), ValueError,
     r"^NoisePrior got kind 'normal'; it takes one of 'uniform', '"),
    ("no noise", lambda: NoisePrior("uniform", 0), ValueError, r"^NoisePrior got latent_dim=0; it takes an int >= 1$"),
    ("sphere in 1-D", lambda: NoisePrior("spherical", 1), ValueError,
     r"spherical prior of one dimension.*; it takes latent_dim >= 2"),
    ("low above high", lambda: NoisePrior("uniform", 1, low=2, high=1), ValueError,
     r"low=2, high=1; it takes .* low < high$"),
    ("infinite bounds", lambda: NoisePrior("uniform", 1, high=np.inf), ValueError,
     r"high=inf; it takes finite numbers with low"),
    ("no draws", lambda: NoisePrior("uniform", 1).sample(0), ValueError,
     r"^NoisePrior\.sample got m=0; it takes an int >= 1$"),
    ("cells in 2-D", lambda: NoisePrior("uniform", 2).cells(4), ValueError,
     r"needs latent_dim 1, but .* has latent_dim 2$"),
    ("no cells", lambda: NoisePrior("uniform", 1).cells(0), ValueError,
     r"^NoisePrior\.cells got n_cells=0; it takes an int >= 1"),
    # theory
    ("densities of two shapes", lambda: optimal_discriminator(FLAT, FLAT[:3]), ValueError,
     r"p_data \(5,\), p_g \(3,\); it takes one"),
    ("negative density", lambda: optimal_discriminator(FLAT, NEGATIVE), ValueError,
     r"got p_g with negative, .*; it takes finite v"),
    ("NaN as density", lambda: optimal_discriminator(np.nan * FLAT, FLAT), ValueError,
     r"p_data with negative, NaN or infinite"),
    ("grid that falls", lambda: jensen_shannon_divergence(FLAT, FLAT, GRID[::-1]), ValueError,
     r"it takes .* finite and rising$"),
    ("grid of one point", lambda: kullback_leibler(FLAT, FLAT, GRID[:1]), ValueError,
     r"shape \(1,\); it takes \(n,\) with n >= 2"),
    ("grid of two dimensions", lambda: kullback_leibler(FLAT, FLAT, GRID[:, None]), ValueError,
     r"shape \(5, 1\); it takes \(n,\)"),
    ("grid of another length", lambda: kullback_leibler(FLAT, FLAT, GRID[:3]), ValueError,
     r"p of shape \(5,\); it takes \(3,\), as"),
    ("no mass", lambda: kullback_leibler(FLAT, WITHOUT_MASS, GRID), ValueError,
     r"^kullback_leibler got q without any mass on the"),
    ("D above 1", lambda: value_function(2 * FLAT, FLAT, FLAT, GRID), ValueError,
     r"^value_function got d up to 2; it takes probabilities, at most 1$"),
    ("D below 0", lambda: value_function(NEGATIVE, FLAT, FLAT, GRID), ValueError,
     r"^value_function got d with negative, NaN"),
    ("D of another shape", lambda: value_function(FLAT[:3], FLAT, FLAT, GRID), ValueError,
     r"got d of shape \(3,\).*it takes \(5,\)"),
    ("logits of another shape", lambda: value_from_logits(X, FLAT, FLAT, GRID), ValueError,
     r"logits of shape \(4, 3\); it takes \(5,"),
    ("pushforward of two dimensions", lambda: pushforward_density(Linear(2, 1), NoisePrior("uniform", 2), GRID),
     ValueError, r"needs latent_dim 1, but this prior has latent_dim 2"),
    ("pushforward to two dimensions", lambda: pushforward_density(Linear(1, 2), NoisePrior("uniform", 1), GRID),
     ValueError, r"^pushforward_density got a G that returns \(2,\) numbers for one; it takes one$"),
    ("pushforward of NaN", lambda: pushforward_density(lambda z: z * np.nan, NoisePrior("uniform", 1), GRID),
     ValueError, r"^pushforward_density got a G that returns NaN or infinite values$"),
    ("covariance of another shape", lambda: AffineGenerator([0.0], np.eye(2)), ValueError,
     r"\(1,\) .*\(2, 2\); it takes \(d,\) and"),
    ("covariance that is none", lambda: AffineGenerator([0.0], [[-1.0]]), ValueError,
     r"not symmetric and positive definite$"),
    ("covariance not symmetric", lambda: AffineGenerator([0, 0], [[1, 1], [0, 1]]), ValueError,
     r"covariance that is not symm"),
    ("mean of nothing", lambda: log_mean_exp(np.ones((2, 0))), ValueError,
     r"got a of shape \(2, 0\), empty along axis -1; a mean needs"),
    # distributions
    ("no deviation", lambda: Gaussian(0, 0), ValueError, r"^Gaussian got std=0; it takes a finite number > 0$"),
    ("NaN as mean", lambda: Gaussian(float("nan"), 1), ValueError,
     r"^Gaussian got mean=nan; it takes a finite number$"),
    ("uniform without width", lambda: Uniform(1, 1), ValueError, r"^Uniform got low=1, high=1; it takes low < high$"),
    ("negative scale", lambda: Exponential(-1), ValueError,
     r"^Exponential got scale=-1; it takes a finite number > 0$"),
    ("infinite scale", lambda: Laplace(0, np.inf), ValueError,
     r"^Laplace got scale=inf; it takes a finite number > 0$"),
    ("infinite location", lambda: Gumbel(np.inf, 1), ValueError, r"^Gumbel got loc=inf; it takes a finite number$"),
    ("no components", lambda: Mixture([]), ValueError,
     r"^Mixture got no components; it takes at least one \(mean, std\)$"),
    ("weight missing", lambda: Mixture([(0, 1), (1, 1)], [1]), ValueError,
     r"got 2 components and 1 weights; it takes one weight e"),
    ("negative weight", lambda: Mixture([(0, 1)], [-1]), ValueError,
     r"^Mixture got weight=-1; it takes a finite number > 0$"),
    ("no modes", lambda: Ring(0), ValueError, r"^Ring got n_modes=0; it takes an int >= 1$"),
    ("no radius", lambda: Ring(8, radius=0), ValueError, r"^Ring got radius=0; it takes a finite number > 0$"),
    ("sample of nothing", lambda: Gaussian(4, 0.5).sample(0), ValueError,
     r"^Gaussian\(4, 0\.5\)\.sample got n=0; it takes an int >= 1$"),
    # randomness and device
    ("bool as seed", lambda: as_rng(True), TypeError,
     r"^rng got True; it takes a numpy\.random\.Generator, an int seed or None$"),
    ("seed of a layer", lambda: Linear(2, 3, rng="0"), TypeError,
     r"^rng got '0'; it takes a numpy\.random\.Generator, an int"),
    ("seed of a distribution", lambda: Gaussian(0, 1).sample(1, rng=-3), ValueError,
     r"^rng got the seed -3; it takes an int >= 0"),
    ("unknown device", lambda: to_device(X, "cuda"), ValueError,
     r"^got the device 'cuda'; it takes \"cpu\", \"gpu\", or \"gpu:1\" and so on$"),
    ("step of G with the optimizer of D",
     lambda: generator_step(Linear(1, 1), Linear(1, 1), X[:, :1], SGD(learned(), 1)), ValueError,
     r"^the optimizer of G updates other parameters than those of G; .* SGD\(G\.parameters, 0\.1\)$"),
    ("number as optimizer", lambda: discriminator_step(Linear(1, 1), Linear(1, 1), X[:, :1], X[:, :1], 0.1), ValueError,
     r"^the optimizer of D updates other parameters than those of D; it takes one made from D\.parameters"),
    ("prior in words", lambda: game(prior="uniform"), TypeError,
     r"^train got the prior 'uniform'; it takes a NoisePrior, such as"),
    ("number as state", lambda: game(state=3), TypeError, r"^train got state 3; it takes a TrainingState$"),
    # gradcheck
    ("no layer to check", lambda: check_gradients(np.tanh, X), TypeError,
     r"^check_gradients got a ufunc; it takes a Layer, for example"),
    ("NaN to check at", lambda: check_gradients(ReLU(), X * np.nan), ValueError,
     r"^check_gradients got x with NaN or infinite entries; it takes finite values$"),
    ("integers to check at", lambda: check_gradients(ReLU(), np.ones((2, 2), int)), TypeError,
     r"^ReLU\(\) got x of dtype int\d+; it takes float32 or float64"),
    ("no tolerance", lambda: check_gradients(ReLU(), X, tolerance=0), ValueError,
     r"^check_gradients got tolerance=0; it takes a number > 0$"),
    # what has the right type nowhere
    ("mean in words", lambda: Gaussian("a", 1), TypeError, r"^Gaussian got mean='a'; it takes a finite number$"),
    ("std in words", lambda: Gaussian(0, "b"), TypeError, r"^Gaussian got std='b'; it takes a finite number > 0$"),
    ("endless uniform", lambda: Uniform(-1e308, 1e308), ValueError,
     r"^Uniform got high - low=inf; it takes a finite number$"),
    ("number as initializer", lambda: Linear(2, 3, weight_init=0.05), TypeError,
     r"^Linear got 0\.05 as an initializer; it takes a function such as uniform\(0\.05\) or zeros$"),
    ("target on another grid", lambda: discriminator_error(FLAT, np.ones(3), FLAT, FLAT, GRID), ValueError,
     r"^discriminator_error got target of shape \(3,\); it takes \(5,\), as the grid x$"),
    ("rate in words", lambda: Dropout("0.5"), TypeError, r"^Dropout got rate='0\.5'; it takes a number in \[0, 1\)$"),
    ("learning rate in words", lambda: SGD(learned(), "0.1"), TypeError,
     r"^SGD got learning_rate='0\.1'; it takes a finite number >= 0$"),
    ("cache of a Linear of another width",
     lambda: Linear(3, 2, rng=0).backward_params(np.ones((4, 2)), cache_of(Linear(5, 2, rng=0), np.ones((4, 5)))),
     ValueError,
     r"^Linear\(3, 2\) got a cache of shape \(4, 5\), where 3 belongs on axis 1; pass the one"),
    ("cache of a Maxout of other pieces",
     lambda: Maxout(2).backward_input(np.ones((4, 1)), cache_of(Maxout(3))), ValueError,
     r"^Maxout\(2\) got a cache of shape \(2, 4, 1\), where 1 belongs on axis 0"),
    ("initializer of another shape", lambda: Linear(2, 3, bias_init=lambda shape, rng, dtype: np.zeros((1, 3), dtype)),
     ValueError, r"^Linear asked its initializer for shape \(3,\) and got \(1, 3\)$"),
    ("D on another grid", lambda: discriminator_error(np.ones(3), 0.5, FLAT, FLAT, GRID), ValueError,
     r"^discriminator_error got d of shape \(3,\); it takes \(5,\), as the grid x$"),
    ("NaN from D", lambda: discriminator_error(FLAT * np.nan, 0.5, FLAT, FLAT, GRID), ValueError,
     r"^discriminator_error got d with negative, NaN or infinite values"),
    ("infinite covariance", lambda: AffineGenerator([0.0], [[np.inf]]), ValueError,
     r"^AffineGenerator got a mean or a covariance with NaN or infinite entries$"),
    ("half a mode", lambda: Ring(2.5), TypeError, r"^Ring got n_modes=2\.5; it takes an int >= 1$"),
]
# fmt: on


@pytest.mark.parametrize(("call", "error", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_wrong_input_is_answered_in_words_that_help(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert type(caught.value) is error


def test_there_are_many_cases_and_each_is_its_own():
    assert len({name for name, *_ in CASES}) == len(CASES) >= 45


SPECS = {
    "": r"^'' names no distribution; it takes one of gaussian:MEAN,STD, .*",
    "cauchy:0,1": r"^'cauchy:0,1' names no distribution; it takes one of ",
    "gaussian": r"^'gaussian' cannot be read as gaussian:MEAN,STD: read '' where a number belongs",
    "gaussian:4": r"read 1 number where 2 belong",
    "gaussian:4,1,2": r"read 3 numbers where 2 belong",
    "gaussian:4;1": r"read '4;1' where a number belongs",
    "gaussian:four,1": r"read 'four' where a number belongs",
    "gaussian:4,0": r"Gaussian got std=0\.0; it takes a finite number > 0",
    "gaussian:nan,1": r"Gaussian got mean=nan; it takes a finite number",
    "uniform:1,-1": r"Uniform got low=1\.0, high=-1\.0; it takes low < high",
    "exponential:": r"read '' where a number belongs",
    "exponential:-1": r"Exponential got scale=-1\.0",
    "laplace:0": r"cannot be read as laplace:MEAN,SCALE: read 1 number where 2 belong",
    "gumbel:0,inf": r"Gumbel got scale=inf",
    "mixture:": r"cannot be read as mixture:MEAN,STD;MEAN,STD;\.\.\.: read '' where a number belongs",
    "mixture:-2,1;2": r"read components of 2, 1 numbers, where all take two \(MEAN,STD\) or all take three",
    "mixture:-2,1,1;2,1": r"read components of 3, 2 numbers",
    "mixture:-2,1,0;2,1,1": r"Mixture got weight=0\.0",
    "mixture:-2,-1;2,1": r"Gaussian got std=-1\.0",
}


@pytest.mark.parametrize("spec", SPECS)
def test_a_distribution_that_cannot_be_read_is_answered_with_an_example_that_can(spec):
    with pytest.raises(ValueError, match=SPECS[spec]) as caught:
        parse_distribution(spec)
    message = str(caught.value)
    assert message.startswith(repr(spec))
    example = re.fullmatch(r".*; for example (\S+)", message).group(1)
    assert np.isfinite(parse_distribution(example).sample(3, rng=0)).all()
    family = spec.partition(":")[0]
    assert example.startswith(family if family in ("gaussian", "mixture", "uniform") else "")
