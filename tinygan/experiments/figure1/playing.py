"""Play the game of Figure 1 by Algorithm 1, from random weights and raw samples."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from tinygan.adversarial import Iteration, NoisePrior, train
from tinygan.adversarial.objectives import as_objective
from tinygan.adversarial.training.watch import check_parameters
from tinygan.backend import RngLike, as_rng, spawn_rngs, to_device
from tinygan.data import Distribution, Mixture
from tinygan.experiments.figure1.game import Game, Standardised
from tinygan.experiments.figure1.moments import Moment, frame_iterations
from tinygan.experiments.figure1.recipe import Figure1Recipe, discriminator, generator, rates
from tinygan.optim import RMSProp

# A function that takes the items of a loop and their number and returns the items, as tqdm does.
ProgressBar: TypeAlias = Callable[..., Iterable[Any]]


def unwatched(items: Iterable[Any], total: int) -> Iterable[Any]:
    """Return the items as they are, without a progress bar.

    Examples
    --------
    >>> list(unwatched("ab", total=2))
    ['a', 'b']
    """
    return items


def play(
    data: Distribution,
    recipe: Figure1Recipe | None = None,
    *,
    rng: RngLike = None,
    device: str = "cpu",
    progress: ProgressBar = unwatched,
) -> Iterator[Moment]:
    """Return an iterator that plays the game of Figure 1 and yields about sixty moments, from the first to the last.

    Nothing is trained until you loop over the iterator.

    Parameters
    ----------
    data : Distribution
        p_data, in one dimension.
    recipe : Figure1Recipe, optional
        The hyper-parameters; by default those of `Figure1Recipe`.
    rng : numpy.random.Generator, int or None
        Spawns separate streams for the initial weights of G and D, for the sample that standardises the data, and for
        the training.
    device : str
        Where the players are, see `tinygan.backend.to_device`. They are too small for a GPU to be faster.
    progress : callable, optional
        Shows the progress, such as ``tqdm``; it is called as ``progress(iterations, total=n)``.

    Returns
    -------
    Iterator of Moment

    Raises
    ------
    TypeError, ValueError
        At once, if an argument is wrong or the objective has no probability for D.
    FloatingPointError
        When a loss or a parameter is not finite.
    RuntimeError, MemoryError
        As `tinygan.backend.to_device` raises them.

    See Also
    --------
    draw_play : Draws the moments as an animation or as the four panels.
    start_game : The same game, one iteration at a time.

    Examples
    --------
    >>> from tinygan.data import Gaussian
    >>> moments = list(play(Gaussian(4, 0.5), Figure1Recipe(n_iterations=60), rng=0))
    >>> moments[0].iteration, moments[-1].iteration
    (0, 60)
    >>> moments[-1].measures.jsd < moments[0].measures.jsd
    True
    """
    recipe = recipe or Figure1Recipe()
    game, iterations = start_game(data, recipe, rng=rng, device=device)
    wanted = set(frame_iterations(recipe.n_iterations))

    def moments() -> Iterator[Moment]:
        yield Moment.of(game)
        for record in progress(iterations, total=recipe.n_iterations):
            if record.iteration in wanted:
                check_parameters(record.iteration, D=game.D, G=game.G)
                yield Moment.of(game, record.iteration)

    return moments()


def start_game(
    data: Distribution, recipe: Figure1Recipe, *, rng: RngLike = None, device: str = "cpu"
) -> tuple[Game, Iterator[Iteration]]:
    """Return the game of Figure 1 at its start, and an iterator that plays one iteration of Algorithm 1 at a time.

    Parameters, errors and random streams are those of `play`.

    Examples
    --------
    >>> from tinygan.data import Gaussian
    >>> game, iterations = start_game(Gaussian(4, 0.5), Figure1Recipe(n_iterations=60), rng=0)
    >>> before = game.measure().jsd
    >>> [record.iteration for record in iterations][-1]
    60
    >>> game.measure().jsd < before
    True
    """
    objective = as_objective("play", recipe.objective)
    if not objective.says_probability:
        raise ValueError(
            f"play got objective {objective.name!r}, in which D is no probability to hold against D*; "
            "it takes 'non_saturating', 'minimax' or 'least_squares'"
        )
    rng_g, rng_d, rng_standardise, rng_train = spawn_rngs(as_rng(rng), 4)
    source = Standardised.from_sample(data, recipe.n_standardise, rng=rng_standardise)
    start = 0.0 if isinstance(data, Mixture) else recipe.start
    D, G = to_device(discriminator(rng=rng_d), device), to_device(generator(start, rng=rng_g), device)
    game = Game(D, G, NoisePrior(recipe.noise_prior, 1), source, objective.output)
    optimizer_d = RMSProp(game.D.parameters, recipe.learning_rate_d, recipe.momentum, decay=recipe.rms_decay_d)
    optimizer_g = RMSProp(game.G.parameters, recipe.learning_rate_g, recipe.momentum, decay=recipe.rms_decay_g)
    records = train(
        game.D,
        game.G,
        source,
        game.prior,
        optimizer_d=optimizer_d,
        optimizer_g=optimizer_g,
        n_iterations=recipe.n_iterations,
        batch_size=recipe.batch_size,
        discriminator_steps=recipe.discriminator_steps,
        objective=recipe.objective,
        updates=recipe.updates,
        rng=rng_train,
    )

    def iterate() -> Iterator[Iteration]:
        for done in range(recipe.n_iterations):
            optimizer_d.learning_rate, optimizer_g.learning_rate = rates(recipe, done)
            yield next(records)
        yield from records  # so that train checks the last update

    return game, iterate()
