"""The bug gallery: wrong backward passes and steps, many of them from published code, with their diagnoses."""

from tinygan.adversarial import discriminator_step
from tinygan.gradcheck.check import check_gradients
from tinygan.gradcheck.gallery import (
    affine,
    images,
    masks,
    memory,
    normalisation,
    paths,
    pooling,
    sequences,
    slopes,
    wrong_steps,
)
from tinygan.gradcheck.gallery.bug import Bug, linear_arguments
from tinygan.gradcheck.report import Report
from tinygan.gradcheck.steps import check_step
from tinygan.layers import Linear, Sequential, Tanh

__all__ = ["GALLERY", "Bug", "report"]

# The bugs by name, in the order in which a class may want to see them.
GALLERY: dict[str, Bug] = {
    bug.name: bug
    for room in (affine, slopes, masks, pooling, images, sequences, paths, normalisation, memory, wrong_steps)
    for bug in room.BUGS
}


def report(bug: Bug) -> Report:
    """Return the gradient checker's report on a bug: of a layer at `Bug.x`, or of a step with two small networks.

    Parameters
    ----------
    bug : Bug
        One of `GALLERY`.

    Examples
    --------
    >>> found = report(GALLERY["forgotten_transpose"])
    >>> found.ok, found.suspects[0].code
    (False, 'transposed')
    """
    if bug.kind == "layer":
        return check_gradients(bug.build(), bug.x, rng=0)
    player = "discriminator_step" if bug.right is discriminator_step else "generator_step"
    D, G = (Sequential(Linear(**linear_arguments(1, n)), Tanh(), Linear(**linear_arguments(n, 1))) for n in (4, 3))
    return check_step(D, G, rng=0, **{player: bug.wrong})
