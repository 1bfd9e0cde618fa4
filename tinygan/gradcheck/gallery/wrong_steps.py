"""Steps of Algorithm 1 that are wrong, though every layer is right."""

import numpy as np

from tinygan.adversarial import discriminator_loss, discriminator_step, generator_loss, generator_step
from tinygan.backend import Array, RngLike
from tinygan.gradcheck.gallery.bug import Bug
from tinygan.layers import Layer
from tinygan.optim import Optimizer


def one_cache(D: Layer, G: Layer, x: Array, z: Array, optimizer: Optimizer, *, rng: RngLike = None) -> Array:
    """Update D with one cache for both batches: the second forward pass has overwritten the first.

    One variable called ``cache`` where there should be two. The gradient of the real logits meets the activations of
    the fake batch. With images the two batches have much in common, and digits still appear. In one dimension they
    have little, and p_g goes astray. Diagnosis: other_batch.
    """
    x_fake, _ = G.forward(z, rng=rng)
    logits_real, cache = D.forward(x, rng=rng)
    logits_fake, cache = D.forward(x_fake, rng=rng)
    loss, grad_real, grad_fake = discriminator_loss(logits_real, logits_fake)
    D.backward_params(grad_real, cache)
    D.backward_params(grad_fake, cache)
    optimizer.step()
    return loss


def only_the_fakes(D: Layer, G: Layer, x: Array, z: Array, optimizer: Optimizer, *, rng: RngLike = None) -> Array:
    """Update D by the second sum of eq. (1) only; the backward pass of the real batch is missing.

    Its loss is printed in full, so nothing looks odd. D lowers its logits wherever G is and has no reason to raise them
    anywhere. Diagnosis: missing_term.
    """
    x_fake, _ = G.forward(z, rng=rng)
    logits_real, _ = D.forward(x, rng=rng)
    logits_fake, cache_fake = D.forward(x_fake, rng=rng)
    loss, _, grad_fake = discriminator_loss(logits_real, logits_fake)
    D.backward_params(grad_fake, cache_fake)
    optimizer.step()
    return loss


def summed_loss(D: Layer, G: Layer, x: Array, z: Array, optimizer: Optimizer, *, rng: RngLike = None) -> Array:
    """Update D by the gradient of a sum over the batch, and report the mean.

    ``sigmoid(a) - label`` is the gradient of one example; the 1 / m of the paper's formula is missing. With
    plain gradient descent the step is m times too long. RMSProp divides by the size of the gradient, and hides it
    completely. Diagnosis: missing_mean.
    """
    x_fake, _ = G.forward(z, rng=rng)
    logits_real, cache_real = D.forward(x, rng=rng)
    logits_fake, cache_fake = D.forward(x_fake, rng=rng)
    loss, grad_real, grad_fake = discriminator_loss(logits_real, logits_fake)
    D.backward_params(grad_real * len(x), cache_real)
    D.backward_params(grad_fake * len(z), cache_fake)
    optimizer.step()
    return loss


def halved_loss(D: Layer, G: Layer, x: Array, z: Array, optimizer: Optimizer, *, rng: RngLike = None) -> Array:
    """Update D by the mean over real and fake examples together, half of what eq. (1) says.

    Many programs train D on one batch of 2 m examples, whose mean has a factor 1/2 that the paper does not have. It is
    harmless by itself, and a trap for whoever compares learning rates with the paper. Diagnosis: factor.
    """
    x_fake, _ = G.forward(z, rng=rng)
    logits_real, cache_real = D.forward(x, rng=rng)
    logits_fake, cache_fake = D.forward(x_fake, rng=rng)
    loss, grad_real, grad_fake = discriminator_loss(logits_real, logits_fake)
    D.backward_params(grad_real / 2, cache_real)
    D.backward_params(grad_fake / 2, cache_fake)
    optimizer.step()
    return loss


def never_cleared(D: Layer, G: Layer, x: Array, z: Array, optimizer: Optimizer, *, rng: RngLike = None) -> Array:
    """Update D by the sum of all gradients since the beginning of training: no ``zero_grad``.

    The most frequent question in the forum of a well-known framework. It acts like a momentum of 1, so the first
    steps are even faster than the right ones. Our optimisers drop the gradients; this step puts them back.
    Diagnosis: accumulated_twice.
    """
    x_fake, _ = G.forward(z, rng=rng)
    logits_real, cache_real = D.forward(x, rng=rng)
    logits_fake, cache_fake = D.forward(x_fake, rng=rng)
    loss, grad_real, grad_fake = discriminator_loss(logits_real, logits_fake)
    D.backward_params(grad_real, cache_real)
    D.backward_params(grad_fake, cache_fake)
    kept = [theta.grad for theta in D.parameters]
    optimizer.step()
    for theta, grad in zip(D.parameters, kept, strict=True):
        theta.grad = grad
    return loss


def skipped_critic(D: Layer, G: Layer, z: Array, optimizer: Optimizer, *, rng: RngLike = None) -> Array:
    """Update G by the gradient of the logits, which has never passed through D.

    In one dimension a logit has the shape of an example, so nothing complains. D's slope is missing: every example
    is told to grow, as if D rose everywhere. The printed loss is the right one. Diagnosis: missing_term.
    """
    x_fake, cache_g = G.forward(z, rng=rng)
    logits, _ = D.forward(x_fake, rng=rng)
    loss, grad_logits = generator_loss(logits)
    G.backward_params(grad_logits, cache_g)
    optimizer.step()
    return loss


def lost_gradient(D: Layer, G: Layer, z: Array, optimizer: Optimizer, *, rng: RngLike = None) -> Array:
    """Update G by zeros: the gradient comes back from D as a return value, and is not caught.

    Found in a published library, whose generator never learned. D is good at its task, the losses move because D
    learns, and the samples look like noise "because GANs are unstable". Diagnosis: zero.
    """
    x_fake, cache_g = G.forward(z, rng=rng)
    logits, cache_d = D.forward(x_fake, rng=rng)
    loss, grad_logits = generator_loss(logits)
    grad_x_fake = np.zeros_like(x_fake)
    D.backward_input(grad_logits, cache_d)
    G.backward_params(grad_x_fake, cache_g)
    optimizer.step()
    return loss


def helpful_generator(D: Layer, G: Layer, z: Array, optimizer: Optimizer, *, rng: RngLike = None) -> Array:
    """Update G to lower log D(G(z)), although eq. (1) wants it higher: the sign of the loss is wrong.

    "G minimises V" was read as "G minimises log D". G walks away from the data and D has an easy life: both losses
    fall nicely, which is the sign of success anywhere but here. Diagnosis: sign.
    """
    x_fake, cache_g = G.forward(z, rng=rng)
    logits, cache_d = D.forward(x_fake, rng=rng)
    loss, grad_logits = generator_loss(logits)
    G.backward_params(-D.backward_input(grad_logits, cache_d), cache_g)
    optimizer.step()
    return loss


def leaking_gradient(D: Layer, G: Layer, z: Array, optimizer: Optimizer, *, rng: RngLike = None) -> Array:
    """Update G through ``D.backward``, which also leaves a gradient on the parameters of D.

    The next step of D adds its own gradient to it, so D learns a little to please G. The update of G itself is right:
    no check of G's gradient sees the bug, and D's step is right as well when checked alone. Diagnosis: mutated_input.
    """
    x_fake, cache_g = G.forward(z, rng=rng)
    logits, cache_d = D.forward(x_fake, rng=rng)
    loss, grad_logits = generator_loss(logits)
    G.backward_params(D.backward(grad_logits, cache_d), cache_g)
    optimizer.step()
    return loss


BUGS = [
    Bug("one_cache", "other_batch", "real and fake batch share one cache", one_cache, discriminator_step),
    Bug("only_the_fakes", "missing_term", "D learns from fakes only", only_the_fakes, discriminator_step),
    Bug("summed_loss", "missing_mean", "sum over the batch, not mean", summed_loss, discriminator_step),
    Bug("halved_loss", "factor", "half of D's gradient", halved_loss, discriminator_step),
    Bug("never_cleared", "accumulated_twice", "gradients add up over all steps", never_cleared, discriminator_step),
    Bug("skipped_critic", "missing_term", "G's gradient does not pass through D", skipped_critic, generator_step),
    Bug("lost_gradient", "zero", "G's gradient is computed and lost", lost_gradient, generator_step),
    Bug("helpful_generator", "sign", "G lowers log D(G(z))", helpful_generator, generator_step),
    Bug("leaking_gradient", "mutated_input", "G's step leaves a gradient on D", leaking_gradient, generator_step),
]
