"""Wrong input to losses, steps, priors and `train`: every error names what it got and says what it takes."""

import numpy as np
from support.errors import assert_answered, wrong_input

from tinygan.adversarial import (
    NoisePrior,
    discriminator_loss,
    discriminator_step,
    generator_loss,
    generator_step,
    simultaneous_step,
    train,
)
from tinygan.layers import Linear, Parameter, Sequential, Sigmoid
from tinygan.optim import SGD

X = np.ones((4, 3), np.float32)


def learned(n=2):
    return [Parameter(np.ones(2, np.float32), f"theta{i}") for i in range(n)]


def two_logits():
    D = Linear(3, 2)
    discriminator_step(D, Linear(1, 3), X, X[:, :1], SGD(D.parameters, 0.1))


def with_sigmoid():
    return Sequential(Linear(1, 1), Sigmoid())


def one_step(step, objective="non_saturating", *, D=None, x=X[:, :1], z=X[:, :1], optimizer_g=None):
    """Do a step, with one thing wrong."""
    D, G = D or Linear(1, 1), Linear(1, 1)
    optimizer_d, optimizer_g = SGD(D.parameters, 0.1), optimizer_g or SGD(G.parameters, 0.1)
    arguments = {
        discriminator_step: (x, z, optimizer_d),
        generator_step: (z, optimizer_g),
        simultaneous_step: (x, z, optimizer_d, optimizer_g),
    }
    step(D, G, *arguments[step], objective=objective)


def own_steps():
    return {"discriminator_step": lambda *_, rng: 0.0, "generator_step": lambda *_, rng: 0.0}


class Sampler:
    """Draws what it is told to, at first with a good example for the checks of `train`."""

    def __init__(self, then, first=((1.0,),)):
        self.answers = [np.array(first, np.float32), then]

    def sample(self, n, *, rng=None):
        return self.answers.pop(0)


def game(x=X[:, :1], D=None, G=None, prior=None, **options):
    """Train for an iteration, with one thing wrong."""
    D, G = D or Linear(1, 1, rng=0), G or Linear(1, 1, rng=1)
    prior = NoisePrior("uniform", 1) if prior is None else prior
    arguments = {"n_iterations": 1, "batch_size": 2, "rng": 0} | options
    players = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
    return list(train(D, G, x, prior, **players | arguments))


# fmt: off
CASES = [
    ("two logits", lambda: generator_loss(X[:, :2]), ValueError,
     r"^the non_saturating objective got logits_fake of shape \(4, 2\); it takes \(m, 1\) or \(m,\)"),
    ("no logits", lambda: generator_loss(X[:0, :1]), ValueError,
     r"got logits_fake of shape \(0, 1\); it takes .*with m >= 1"),
    ("integer logits", lambda: discriminator_loss(np.array([1]), X[:, 0], "minimax"), TypeError,
     r"^the minimax objective got logits_real of dtype int\d+; it takes float32 or float64"),
    ("list as logits", lambda: discriminator_loss(X[:, 0], [0.5]), TypeError,
     r"^the non_saturating objective got logits_fake of type list; it takes an arr"),
    ("unknown objective", lambda: generator_loss(X[:, :1], "r1"), ValueError,
     r"^generator_loss got objective 'r1'; it takes one of 'non_saturating', 'minimax', 'least_squares', 'wasser"),
    ("objective misspelt", lambda: discriminator_loss(X[:, 0], X[:, 0], "leastsquares"), ValueError,
     r"^discriminator_loss got objective 'leastsquares', did you mean 'least_squares'\? It takes one of 'non"),
    ("function as objective", lambda: generator_loss(X[:, :1], np.log), TypeError,
     r"^generator_loss got objective <ufunc 'log'>; it takes an Objective or its name, such as 'minimax'$"),
    ("objective of the step of D", lambda: one_step(discriminator_step, "minmax"), ValueError,
     r"^discriminator_step got objective 'minmax', did you mean 'minimax'\?"),
    ("objective of the step of G", lambda: one_step(generator_step, "minmax"), ValueError,
     r"^generator_step got objective 'minmax', did you mean 'minimax'\?"),
    ("objective of both at once", lambda: one_step(simultaneous_step, "minmax"), ValueError,
     r"^simultaneous_step got objective 'minmax', did you mean 'minimax'\?"),
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
    ("D too wide for x", lambda: game(D=Linear(2, 1)), ValueError,
     r"^D takes x of shape \(m, 2\), not \(m, 1\)$"),
    ("z too wide for a step of D", lambda: one_step(discriminator_step, z=X), ValueError,
     r"^G takes z of shape \(m, 1\), not \(m, 3\)$"),
    ("z too wide for a step of G", lambda: one_step(generator_step, z=X), ValueError,
     r"^G takes z of shape \(m, 1\), not \(m, 3\)$"),
    ("x too wide for a step of both", lambda: one_step(simultaneous_step, x=X), ValueError,
     r"^D takes x of shape \(m, 1\), not \(m, 3\)$"),
    ("D that ends in a sigmoid, train", lambda: game(D=with_sigmoid()), ValueError,
     r"^D ends in Sigmoid\(\), but the non_saturating objective takes logits and has a sigmoid of its own; leave that "
     r"layer out, so that D ends in Linear\(n, 1\)$"),
    ("D that ends in a sigmoid, its step", lambda: one_step(discriminator_step, "minimax", D=with_sigmoid()),
     ValueError,
     r"^D ends in Sigmoid\(\), but the minimax objective takes logits"),
    ("D that ends in a sigmoid, step of G", lambda: one_step(generator_step, D=Sequential(with_sigmoid())), ValueError,
     r"^D ends in Sigmoid\(\), but"),
    ("D that ends in a sigmoid, step of both", lambda: one_step(simultaneous_step, D=with_sigmoid()), ValueError,
     r"^D ends in Sigmoid\(\), but"),
    ("D with three logits", lambda: game(D=Linear(1, 3)), ValueError,
     r"D that returns shape \(1, 3\) .*; it takes one logit"),
    ("prior too wide for G", lambda: game(prior=NoisePrior("uniform", 2)), ValueError,
     r"^train got a G that takes noise of shape \(m, 1\), and a prior that makes \(m, 2\): NoisePrior\('uniform', 2, "),
    ("no iterations", lambda: game(n_iterations=0), ValueError, r"^train got n_iterations=0; it takes an int >= 1$"),
    ("iterations as float", lambda: game(n_iterations=1e3), TypeError,
     r"^train got n_iterations=1000\.0; it takes an int >= 1$"),
    ("empty batches", lambda: game(batch_size=0), ValueError, r"^train got batch_size=0; it takes an int >= 1$"),
    ("no steps of D", lambda: game(discriminator_steps=0), ValueError,
     r"^train got discriminator_steps=0; it takes an int >= 1$"),
    ("no steps of G", lambda: game(generator_steps=0), ValueError,
     r"^train got generator_steps=0; it takes an int >= 1$"),
    ("count for a step of D", lambda: game(discriminator_step=2), TypeError,
     r"^train got discriminator_step=2; it takes a function such as tinygan\.adversarial\.discriminator_step\. "
     r"Did you mean discriminator_steps=2\?$"),
    ("count for a step of G", lambda: game(generator_step=3), TypeError, r"Did you mean generator_steps=3\?$"),
    ("name for a step", lambda: game(generator_step="mine"), TypeError,
     r"^train got generator_step='mine'; it takes a function such as tinygan\.adversarial\.generator_step$"),
    ("step for a count of D", lambda: game(discriminator_steps=discriminator_step), TypeError,
     r"^train got discriminator_steps=discriminator_step; it takes an int >= 1\. "
     r"Did you mean discriminator_step=discriminator_step\?$"),
    ("step for a count of G", lambda: game(generator_steps=generator_step), TypeError,
     r"Did you mean generator_step=generator_step\?$"),
    ("step without a loss", lambda: game(generator_step=lambda *_, **__: None), TypeError,
     r"^a step returned None as J_G; it should return its loss, one number$"),
    ("step with two losses", lambda: game(discriminator_step=lambda *_, **__: (1.0, 2.0)), TypeError,
     r"^a step returned \(1\.0, 2\.0\) as J_D; it should return its loss, one number$"),
    ("objective that no step takes", lambda: game(objective="minimax", **own_steps()), ValueError,
     r"^train got objective 'minimax', but neither of the two steps takes an objective$"),
    ("own step without rng", lambda: game(generator_step=lambda D, G, z, optimizer: 0), TypeError,
     r"^train got generator_step=<function .*>, which takes no rng; add rng=None to its arguments: dropout needs it$"),
    ("own step with simultaneous updates", lambda: game(updates="simultaneous", generator_step=lambda **_: 0),
     ValueError,
     r"^train got a step of one player with simultaneous updates, .*; it takes updates=\"alternating\" with that$"),
    ("simultaneous with two of G", lambda: game(updates="simultaneous", generator_steps=2), ValueError,
     r"^train got generator_steps=2 with simultaneous updates, where both players move at once; it takes 1 there"),
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
    ("step of G with the optimizer of D",
     lambda: generator_step(Linear(1, 1), Linear(1, 1), X[:, :1], SGD(learned(), 1)), ValueError,
     r"^the optimizer of G updates other parameters than those of G; .* SGD\(G\.parameters, 0\.1\)$"),
    ("step of both with two optimizers of D", lambda: one_step(simultaneous_step, optimizer_g=SGD(learned(), 1)),
     ValueError, r"^the optimizer of G updates other parameters than those of G"),
    ("number as optimizer", lambda: discriminator_step(Linear(1, 1), Linear(1, 1), X[:, :1], X[:, :1], 0.1), ValueError,
     r"^the optimizer of D updates other parameters than those of D; it takes one made from D\.parameters"),
    ("prior in words", lambda: game(prior="uniform"), TypeError,
     r"^train got the prior 'uniform'; it takes a NoisePrior, such as"),
    ("data as prior", lambda: game(prior=X), TypeError, r"^train got a prior of type ndarray; it takes a NoisePr"),
    ("sampler as prior", lambda: game(prior=Sampler(None)), TypeError, r"^train got a prior of type Sampler; it"),
    ("images for rows", lambda: one_step(discriminator_step, D=Linear(784, 1), x=np.ones((4, 28, 28), np.float32)),
     ValueError, r"^D takes x of shape \(m, 784\), not \(m, 28, 28\)\. Did you mean x\.reshape\(-1, 784\)\?$"),
    ("numbers for rows", lambda: one_step(discriminator_step, x=X[:, 0]), ValueError,
     r"^D takes x of shape \(m, 1\), not \(m,\)\. Did you mean x\.reshape\(-1, 1\)\?$"),
    ("function as D", lambda: generator_step(lambda x: x, Linear(1, 1), X[:, :1], SGD(learned(), 1)), TypeError,
     r"^D is of type function; it takes a network, such as Sequential\("),
    ("class as G", lambda: train(Linear(1, 1), Linear, X, NoisePrior("uniform", 1), optimizer_d=1, optimizer_g=1,
                                 n_iterations=1), TypeError, r"^G is the class Linear; it takes a network, such as"),
    ("number as state", lambda: game(state=3), TypeError, r"^train got state 3; it takes a TrainingState$"),
]
# fmt: on


@wrong_input(CASES)
def test_wrong_input_is_answered_in_words_that_help(call, error, message):
    assert_answered(call, error, message)
