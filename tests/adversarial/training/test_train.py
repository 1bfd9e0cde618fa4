"""The loop around Algorithm 1: its streams of randomness, its walk through an array, its records and its errors."""

import copy
import importlib
import itertools
import math
import re
import threading
from contextlib import nullcontext

import numpy as np
import pytest
from support.recorders import RecordingDropout, RecordingPrior, RecordingSampler, all_different

from tinygan.adversarial import (
    LEAST_SQUARES,
    MINIMAX,
    NON_SATURATING,
    WASSERSTEIN,
    NoisePrior,
    TrainingState,
    pushforward_density,
    train,
    wasserstein_distance,
)
from tinygan.data import Gaussian
from tinygan.layers import Dropout, Layer, Linear, Maxout, Parameter, Sequential, Tanh, normal
from tinygan.optim import SGD, RMSProp, clipping

# The package's name `train` is the function.
training_module = importlib.import_module("tinygan.adversarial.training.train")

OBJECTIVES = ("non_saturating", "minimax")
HALF = Dropout(0.5)


def flat(network):
    return np.concatenate([theta.data.ravel() for theta in network.parameters])


def one_dimensional_players(rate=0.5, dtype=np.float32):
    options = {"weight_init": normal(0.5), "dtype": dtype}
    G = Linear(1, 1, rng=1, **options)
    D = Sequential(Linear(1, 8, rng=2, **options), Maxout(2), Dropout(rate), Linear(4, 1, rng=3, **options))
    return D, G


def run_training(D, G, x, n_iterations=5, *, prior=None, learning_rate=0.1, **options):
    """Train to the end and return the records."""
    optimizer_d, optimizer_g = SGD(D.parameters, learning_rate, 0.5), SGD(G.parameters, learning_rate, 0.5)
    prior = prior or NoisePrior("uniform", 1)
    options = {"batch_size": 8, "rng": 0} | options
    return list(
        train(D, G, x, prior, optimizer_d=optimizer_d, optimizer_g=optimizer_g, n_iterations=n_iterations, **options)
    )


DATA = {
    "sampler": lambda: Gaussian(2, 0.5),
    "array": lambda: np.random.default_rng(1).normal(2, 0.5, (20, 1)).astype(np.float32),
}
each_kind_of_data = pytest.mark.parametrize("data", DATA.values(), ids=DATA.keys())


@each_kind_of_data
@pytest.mark.parametrize("updates", ["alternating", "simultaneous"])
def test_the_same_seed_gives_bit_identical_parameters(data, updates):
    outcomes = []
    for seed in (0, 0, 1):
        D, G = one_dimensional_players()
        records = run_training(D, G, data(), 12, updates=updates, rng=seed)
        outcomes.append((flat(D).tobytes(), flat(G).tobytes(), records))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0] != outcomes[2][0]
    assert outcomes[0][1] != outcomes[2][1]


def test_an_integer_seed_and_its_generator_are_the_same_start():
    outcomes = []
    for rng in (3, np.random.Generator(np.random.Philox(3))):
        D, G = one_dimensional_players()
        run_training(D, G, Gaussian(2, 0.5), rng=rng)
        outcomes.append(flat(D).tobytes())
    assert outcomes[0] == outcomes[1]


def drawn(n_batches, *, dropout=HALF, **options):
    """Train over so many batches of data; return them, and the noise."""
    D = Sequential(Linear(1, 4, rng=2), *([dropout] if dropout else []), Linear(4, 1, rng=3))
    data, prior = RecordingSampler(Gaussian(2, 0.5)), RecordingPrior("uniform", 1)
    n_iterations = n_batches // options.get("discriminator_steps", 1)
    run_training(D, Linear(1, 1, rng=1), data, n_iterations, prior=prior, **options)
    return np.stack(data.batches[-n_batches:]), np.stack(prior.batches)


@pytest.mark.parametrize("changed", [{"discriminator_steps": 2}, {"discriminator_steps": 3}])
def test_k_leaves_the_order_of_the_data_alone(changed):
    np.testing.assert_array_equal(drawn(6)[0], drawn(6, **changed)[0])


@pytest.mark.parametrize("dropout", [None, Dropout(0.2)])
@pytest.mark.parametrize("updates", ["alternating", "simultaneous"])
def test_dropout_leaves_the_data_and_the_noise_alone(dropout, updates):
    (x, z), (other_x, other_z) = drawn(6, updates=updates), drawn(6, updates=updates, dropout=dropout)
    np.testing.assert_array_equal(x, other_x)
    np.testing.assert_array_equal(z, other_z)


@pytest.mark.parametrize("updates", ["alternating", "simultaneous"])
def test_data_noise_and_dropout_all_follow_the_seed(updates):
    outcomes = []
    for seed in (0, 1):
        masks = []
        x, z = drawn(6, updates=updates, rng=seed, dropout=RecordingDropout(0.5, masks))
        outcomes.append((x, z, np.concatenate(masks)))
    for one, other in zip(*outcomes, strict=True):
        assert (one != other).any()


def test_data_noise_and_dropout_come_from_different_streams():
    class UniformData:
        def sample(self, n, *, rng):
            return np.random.default_rng(rng).random((n, 1), dtype=np.float32)

    masks, prior, data = [], RecordingPrior("uniform", 1), RecordingSampler(UniformData())
    prior.low, prior.high = 0.0, 1.0
    D = Sequential(RecordingDropout(0.5, masks), Linear(1, 1, rng=0))
    run_training(D, Linear(1, 1, rng=1), data, 1, prior=prior)
    x, z, kept = data.batches[-1], prior.batches[0], masks[0][: len(data.batches[-1])] > 0
    assert (x != z).all()
    assert ((x >= 0.5) != kept).any()
    assert ((z >= 0.5) != kept).any()


def test_the_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002  the very thing that must not move
    D, G = one_dimensional_players()
    run_training(D, G, Gaussian(2, 0.5), rng=None)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


# --- arrays -----------------------------------------------------------------------------------------------------------


class Watched(Linear):
    """A discriminator that keeps every batch it is trained on."""

    def __init__(self, n_in):
        super().__init__(n_in, 1, rng=0)
        self.seen = []

    def forward(self, x, *, rng=None):
        if rng is not None:
            self.seen.append(x.copy())
        return super().forward(x, rng=rng)


def real_batches(x, n_iterations, *, updates="alternating", **options):
    D, G = Watched(x.shape[1]), Linear(2, x.shape[1], rng=1)
    run_training(D, G, x, n_iterations, prior=NoisePrior("uniform", 2), updates=updates, **options)
    return D.seen[:: 3 if updates == "alternating" else 2]  # then the fake ones, and those of the step of G


@pytest.mark.parametrize("updates", ["alternating", "simultaneous"])
def test_every_epoch_walks_through_all_rows_once_in_a_fresh_order(updates):
    x = np.arange(11, dtype=np.float32)[:, None] / 11
    batches = real_batches(x, 12, batch_size=4, updates=updates)
    assert [len(b) for b in batches] == [4, 4, 3] * 4  # the last short batch is kept
    epochs = [np.concatenate(batches[i : i + 3])[:, 0] for i in range(0, 12, 3)]
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), x[:, 0])
        assert (epoch != x[:, 0]).any()
    assert all_different(epochs)


def test_a_batch_larger_than_the_array_is_the_whole_array():
    x = np.arange(3, dtype=np.float32)[:, None]
    assert [len(b) for b in real_batches(x, 3, batch_size=10)] == [3, 3, 3]


def test_after_a_short_last_batch_the_generator_still_gets_a_whole_one():
    D, G = one_dimensional_players()
    prior = RecordingPrior("uniform", 1)
    run_training(D, G, DATA["array"](), 3, prior=prior)  # 20 rows in batches of 8, 8 and 4
    assert [len(z) for z in prior.batches] == [8, 8, 8, 8, 4, 8]


def swapped(D, G):
    return {"optimizer_d": SGD(G.parameters, 0.1), "optimizer_g": SGD(D.parameters, 0.1)}


def partial(D, G):
    return {"optimizer_d": SGD(D.parameters[:1], 0.1), "optimizer_g": SGD(G.parameters, 0.1)}


@pytest.mark.parametrize("optimizers", [swapped, partial])
def test_an_optimizer_of_other_parameters_is_refused_before_anything_moves(optimizers):
    D, G = one_dimensional_players()
    before = flat(D), flat(G)
    with pytest.raises(ValueError, match=r"the optimizer of D updates other parameters .* made from D\.parameters"):
        train(D, G, Gaussian(0, 1), NoisePrior("uniform", 1), n_iterations=1, **optimizers(D, G))
    np.testing.assert_array_equal(flat(D), before[0])
    np.testing.assert_array_equal(flat(G), before[1])


def test_gradients_that_an_interrupted_step_left_behind_are_not_added():
    D, G = one_dimensional_players()
    run_training(D, G, Gaussian(2, 1))
    spoiled_D, spoiled_G = one_dimensional_players()
    for theta in spoiled_D.parameters + spoiled_G.parameters:
        theta.grad = np.ones_like(theta.data)
    run_training(spoiled_D, spoiled_G, Gaussian(2, 1))
    np.testing.assert_array_equal(flat(D), flat(spoiled_D))
    np.testing.assert_array_equal(flat(G), flat(spoiled_G))


@each_kind_of_data
@pytest.mark.parametrize(
    "options", [{"discriminator_steps": 3}, {"updates": "simultaneous"}], ids=["k = 3", "both at once"]
)
@pytest.mark.parametrize("done", [0, 1, 5, 6, 19, 20])
def test_a_training_that_is_left_and_gone_on_with_ends_bit_for_bit_the_same(data, options, done):
    """20 rows in batches of 8: three batches an epoch, so that it is left within an epoch and between two."""

    def trained(stops):
        D, G = one_dimensional_players()
        optimizer_d, optimizer_g = SGD(D.parameters, 0.1, 0.5), RMSProp(G.parameters, 0.01, 0.5)
        kept, losses = (D, G, optimizer_d, optimizer_g, TrainingState(7)), []
        for stop in stops:
            D, G, optimizer_d, optimizer_g, state = kept = copy.deepcopy(kept)
            run = train(D, G, data(), NoisePrior("uniform", 1), optimizer_d=optimizer_d, optimizer_g=optimizer_g,
                        n_iterations=20, batch_size=8, state=state, **options)  # fmt: skip
            losses += [(record.loss_d, record.loss_g) for record in itertools.islice(run, stop - state.iteration)]
        return flat(D), flat(G), losses, (state.iteration, state.epoch, state.position)

    whole, parted = trained([20]), trained([done, 20])
    np.testing.assert_array_equal(whole[0], parted[0])
    np.testing.assert_array_equal(whole[1], parted[1])
    assert whole[2:] == parted[2:]
    assert len(whole[2]) == 20


def test_the_state_counts_iterations_epochs_and_examples():
    D, G = one_dimensional_players()
    state = TrainingState(0)
    run_training(D, G, DATA["array"](), 4, state=state)  # 20 rows: 8, 8, 4, and 8 of the second epoch
    assert (state.iteration, state.epoch, state.position) == (4, 2, 8)


def test_a_training_that_goes_on_does_what_is_left():
    D, G = one_dimensional_players()
    state = TrainingState(0)
    run_training(D, G, Gaussian(2, 1), 4, state=state)
    assert [record.iteration for record in run_training(D, G, Gaussian(2, 1), 7, state=state)] == [5, 6, 7]
    assert run_training(D, G, Gaussian(2, 1), 3, state=state) == []


def test_a_state_and_a_seed_start_alike():
    (D, G), (D2, G2) = one_dimensional_players(), one_dimensional_players()
    run_training(D, G, DATA["array"](), rng=5)
    run_training(D2, G2, DATA["array"](), rng=99, state=TrainingState(5))
    np.testing.assert_array_equal(flat(D), flat(D2))


def test_rows_stay_together():
    x = np.arange(12, dtype=np.float32)[:, None] * [1.0, 0.5]
    for b in real_batches(x.astype(np.float32), 4, batch_size=5):
        np.testing.assert_array_equal(b[:, 1], b[:, 0] / 2)


@each_kind_of_data
def test_float64_data_is_cast_to_the_precision_of_float32_players(data):
    D, G = Watched(1), Linear(1, 1, rng=1)
    x = data()
    records = run_training(D, G, x if hasattr(x, "sample") else x.astype(np.float64))
    assert {b.dtype for b in D.seen} == {np.dtype(np.float32)}
    assert flat(D).dtype == flat(G).dtype == records[0].loss_d.dtype == records[0].loss_g.dtype == np.float32


@each_kind_of_data
def test_float32_data_is_cast_to_the_precision_of_float64_players(data):
    D, G = one_dimensional_players(dtype=np.float64)
    prior = RecordingPrior("uniform", 1)
    records = run_training(D, G, data(), prior=prior)
    assert flat(D).dtype == flat(G).dtype == records[0].loss_d.dtype == records[0].loss_g.dtype == np.float64
    assert {z.dtype for z in prior.batches} == {np.dtype(np.float64)}


def test_training_leaves_the_array_alone():
    x = np.random.default_rng(0).normal(size=(10, 1)).astype(np.float32)
    kept = x.copy()
    D, G = one_dimensional_players()
    run_training(D, G, x, 6)
    np.testing.assert_array_equal(x, kept)


# --- records, schedules, errors ---------------------------------------------------------------------------------------


@each_kind_of_data
@pytest.mark.parametrize("updates", ["alternating", "simultaneous"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_records_count_iterations_from_1_and_carry_finite_losses(data, updates, objective):
    D, G = one_dimensional_players()
    records = run_training(D, G, data(), 7, updates=updates, objective=objective)
    assert [record.iteration for record in records] == [1, 2, 3, 4, 5, 6, 7]
    assert all(np.isfinite([record.loss_d, record.loss_g]).all() for record in records)
    assert all(record == (record.iteration, record.loss_d, record.loss_g) for record in records)
    assert all((record.loss_g < 0) == (objective == "minimax") for record in records)


def test_run_trains_to_the_end_and_returns_the_last_record():
    (D, G), (D2, G2) = one_dimensional_players(), one_dimensional_players()
    records = run_training(D, G, Gaussian(2, 0.5))
    optimizers = {"optimizer_d": SGD(D2.parameters, 0.1, 0.5), "optimizer_g": SGD(G2.parameters, 0.1, 0.5)}
    training = train(
        D2, G2, Gaussian(2, 0.5), NoisePrior("uniform", 1), n_iterations=5, batch_size=8, rng=0, **optimizers
    )
    assert repr(training) == "Training(0 iterations done; loop over it, or call its run(), for more)"
    assert training.run() == records[-1]
    assert repr(training) == "Training(5 iterations done; loop over it, or call its run(), for more)"
    assert training.run() is None
    np.testing.assert_array_equal(flat(D), flat(D2))


def test_it_trains_outside_of_the_main_thread():
    outcomes = []

    def in_a_thread():
        D, G = one_dimensional_players()
        outcomes.append((run_training(D, G, Gaussian(2, 0.5)), flat(D).tobytes()))

    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()
    in_a_thread()
    assert outcomes[0] == outcomes[1]


def multiplications(monkeypatch, D, G, batch_size=8):
    """Return what the choice of BLAS threads is told about a training."""
    told = []
    monkeypatch.setattr(training_module, "threads_for", lambda n: told.append(n) or nullcontext())
    run_training(D, G, Gaussian(2, 0.5), 1, batch_size=batch_size)
    return set(told)


def test_threads_are_chosen_by_the_largest_matrix_product(monkeypatch):
    D, G = one_dimensional_players()
    assert multiplications(monkeypatch, D, G) == {8 * 1 * 8}
    assert multiplications(monkeypatch, D, G, batch_size=10) == {10 * 1 * 8}


def test_threads_are_left_alone_where_a_weight_may_be_used_in_many_places(monkeypatch):
    class Shifted(Linear):
        def __init__(self, *sizes, **options):
            super().__init__(*sizes, **options)
            self.kernel = Parameter(np.zeros((1, 1, 1), np.float32), "kernel")
            self.parameters = (*self.parameters, self.kernel)

        def backward_params(self, grad_y, cache):
            super().backward_params(grad_y, cache)
            self.kernel.accumulate(np.zeros_like(self.kernel.data))

    D, _ = one_dimensional_players()
    assert multiplications(monkeypatch, D, Shifted(1, 1, rng=1)) == {math.inf}


def test_examples_have_the_precision_of_the_parameters():
    D, G = one_dimensional_players()
    seen = []

    def step_d(D, G, x, z, optimizer, *, rng):
        seen.append((x.dtype, z.dtype))
        return 1.0

    run_training(D, G, np.ones((20, 1)) * np.arange(20.0)[:, None], 1, discriminator_step=step_d)
    assert seen == [(np.float32, np.float32)]


@pytest.mark.parametrize("player", ["D", "G"])
def test_a_player_that_is_no_layer_is_named(player):
    D, G = one_dimensional_players()
    players = {"D": D, "G": G, player: "a network"}
    optimizers = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
    with pytest.raises(TypeError, match=f"^{player} is of type str; it takes a network"):
        train(**players, x=Gaussian(2, 0.5), prior=NoisePrior("uniform", 1), n_iterations=1, **optimizers)


@pytest.mark.parametrize("k", [1, 2])
def test_generator_steps_are_steps_of_g_each_on_noise_of_its_own(k):
    D, G = one_dimensional_players()
    prior, called = RecordingPrior("uniform", 1), []

    def step_d(D, G, x, z, optimizer, *, rng):
        called.append("D")
        return float(len(called))

    def step_g(D, G, z, optimizer, *, rng):
        called.append("G")
        return float(len(called))

    steps = {"discriminator_step": step_d, "generator_step": step_g}
    records = run_training(D, G, Gaussian(2, 1), 2, prior=prior, discriminator_steps=k, generator_steps=3, **steps)
    assert called == 2 * [*k * "D", *"GGG"]
    assert records == [(1, k, k + 3), (2, 2 * k + 3, 2 * k + 6)]  # the last losses of each iteration
    assert len(prior.batches) == 2 * (k + 3)
    assert all_different(prior.batches)


def test_nothing_is_trained_before_the_first_record_is_asked_for():
    D, G = one_dimensional_players()
    before = flat(D), flat(G)
    options = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
    run = train(D, G, Gaussian(0, 1), NoisePrior("uniform", 1), n_iterations=3, rng=0, **options)
    np.testing.assert_array_equal(flat(D), before[0])
    next(run)
    assert (flat(D) != before[0]).any()
    assert (flat(G) != before[1]).any()


def test_schedules_that_the_caller_sets_between_iterations_take_effect():
    D, G = one_dimensional_players()
    optimizer_d, optimizer_g = SGD(D.parameters, 0.1, 0.5), SGD(G.parameters, 0.1, 0.5)
    options = {"optimizer_d": optimizer_d, "optimizer_g": optimizer_g, "n_iterations": 4, "batch_size": 8, "rng": 0}
    run = train(D, G, Gaussian(0, 1), NoisePrior("uniform", 1), **options)
    next(run)
    optimizer_d.learning_rate = optimizer_g.learning_rate = 0.0
    optimizer_d.momentum = 0.0
    before = flat(D), flat(G)
    next(run)
    np.testing.assert_array_equal(flat(D), before[0])
    assert (flat(G) != before[1]).all()  # momentum alone carries G on
    optimizer_d.learning_rate = 0.1
    optimizer_g.momentum = 0.0
    before = flat(D), flat(G)
    next(run)
    assert (flat(D) != before[0]).any()
    np.testing.assert_array_equal(flat(G), before[1])


def test_wrong_arguments_raise_at_once_and_not_at_the_first_record():
    D, G = one_dimensional_players()
    prior = NoisePrior("uniform", 1)
    good = {
        "optimizer_d": SGD(D.parameters, 0.1),
        "optimizer_g": SGD(G.parameters, 0.1),
        "n_iterations": 3,
    }
    for wrong, words in [
        ({"objective": "hinge"}, "train got objective 'hinge'"),
        ({"updates": "sometimes"}, "train got updates 'sometimes'"),
        ({"n_iterations": 0}, "n_iterations"),
        ({"batch_size": 0}, "batch_size"),
        ({"discriminator_steps": 0}, "discriminator_steps"),
        ({"updates": "simultaneous", "discriminator_steps": 2}, "simultaneous"),
        ({"rng": -1}, "seed"),
    ]:
        with pytest.raises(ValueError, match=words):
            train(D, G, Gaussian(0, 1), prior, **(good | wrong))
    for x in (np.zeros((0, 1), np.float32), np.array([[1.0], [np.nan]])):
        with pytest.raises(ValueError, match="train got"):
            train(D, G, x, prior, **good)
    with pytest.raises(ValueError, match=r"D takes x of shape \(m, 1\), not \(m, 2\)"):
        train(D, G, np.zeros((5, 2), np.float32), prior, **good)
    with pytest.raises(TypeError, match="train got x"):
        train(D, G, np.zeros((5, 1), int), prior, **good)
    with pytest.raises(ValueError, match="takes"):
        train(D, G, Gaussian(0, 1), NoisePrior("uniform", 2), **good)


def test_a_sampler_that_turns_non_finite_is_stopped_on_its_way_in():
    class Spoiled:
        calls = 0

        def sample(self, n, *, rng):
            self.calls += 1
            return np.full((n, 1), np.nan if self.calls > 3 else 1.0)

    D, G = one_dimensional_players()
    with pytest.raises(ValueError, match="NaN or infinite"):
        run_training(D, G, Spoiled(), 10)
    assert np.isfinite(flat(D)).all()


@pytest.mark.parametrize("updates", ["alternating", "simultaneous"])
def test_diverging_training_names_the_iteration_the_network_and_the_layer(updates):
    D, G = one_dimensional_players()
    optimizer_d, optimizer_g = SGD(D.parameters, 0.01), SGD(G.parameters, 0.01)
    options = {"optimizer_d": optimizer_d, "optimizer_g": optimizer_g, "n_iterations": 50, "rng": 0}
    run = train(D, G, Gaussian(2, 1), NoisePrior("uniform", 1), updates=updates, **options)
    done = [next(run).iteration for _ in range(3)]
    optimizer_d.learning_rate = 1e38
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError) as error:
        done.extend(record.iteration for record in run)
    message = str(error.value)
    assert f"in iteration {len(done) + 1}:" in message
    assert re.search(r"(weight|bias) of layer [03] of D, Linear\(", message)
    assert "learning rate" in message


@pytest.mark.parametrize("k", [1, 2])
def test_diverging_training_names_the_generator_where_that_diverged(k):
    D, G = one_dimensional_players()
    G.bias.data[:] = np.inf
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=r"iteration 1: .* of G, Linear\(1, 1\)"):
        run_training(D, G, Gaussian(2, 1), learning_rate=0.01, discriminator_steps=k)


@pytest.mark.parametrize(
    ("updates", "losses", "name"),
    [
        ("simultaneous", (np.nan, 0.0), "J_D"),
        ("simultaneous", (0.0, np.nan), "J_G"),
        ("alternating", (np.nan, 0.0), "J_D"),
        ("alternating", (0.0, np.nan), "J_G"),
    ],
)
def test_a_loss_that_is_no_longer_finite_is_named(updates, losses, name, monkeypatch):
    monkeypatch.setattr("tinygan.adversarial.training.train.simultaneous_step", lambda *_, **__: losses)
    steps = {"discriminator_step": lambda *_, **__: losses[0], "generator_step": lambda *_, **__: losses[1]}
    D, G = one_dimensional_players()
    with pytest.raises(
        FloatingPointError, match=rf"diverged in iteration 1: {name} = nan: G\(z\), the logits of D or the"
    ):
        run_training(D, G, Gaussian(2, 1), updates=updates, **(steps if updates == "alternating" else {}))
    if updates == "simultaneous":
        G.bias.data[:] = np.nan
        with pytest.raises(FloatingPointError, match=r"iteration 1: the bias of layer 0 of G, Linear\(1, 1\), is no"):
            run_training(D, G, Gaussian(2, 1), updates=updates)


@pytest.mark.parametrize("player", ["D", "G"])
def test_a_last_update_that_diverged_is_named_though_no_loss_tells_of_it(player, monkeypatch):
    monkeypatch.setattr("tinygan.adversarial.training.train.simultaneous_step", lambda *_, **__: (0.0, 0.0))
    D, G = one_dimensional_players()
    {"D": D[3], "G": G}[player].bias.data[:] = np.inf
    with pytest.raises(FloatingPointError, match=rf"iteration 5: the bias of layer \d of {player}, Linear"):
        run_training(D, G, Gaussian(2, 1), updates="simultaneous")


class Shift(Layer):
    """y = x + theta: one parameter, where Linear has two."""

    def __init__(self):
        self.parameters = (Parameter(np.zeros(1, np.float32), "theta"),)

    def forward(self, x, *, rng=None):
        return x + self.parameters[0].data, None

    def backward_input(self, grad_y, cache):
        return grad_y

    def backward_params(self, grad_y, cache):
        self.parameters[0].accumulate(grad_y.sum(axis=0))


def test_a_generator_of_one_parameter_learns():
    D, _ = one_dimensional_players()
    G = Shift()
    run_training(D, G, Gaussian(2, 0.5))
    assert G.parameters[0].data != 0


def test_a_generator_that_learns_nothing_has_no_optimizer():
    D, _ = one_dimensional_players()
    options = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(D.parameters, 0.1), "n_iterations": 1}
    with pytest.raises(ValueError, match=r"^the optimizer of G updates other parameters than those of G; it takes one"):
        train(D, Tanh(), Gaussian(2, 0.5), NoisePrior("uniform", 1), **options)


def test_a_minibatch_is_of_100_examples_unless_told_otherwise():
    D, G = one_dimensional_players()
    data, prior = RecordingSampler(Gaussian(2, 0.5)), RecordingPrior("uniform", 1)
    players = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
    list(train(D, G, data, prior, n_iterations=1, rng=0, **players))
    assert {len(batch) for batch in [data.batches[-1], *prior.batches]} == {100}


@pytest.mark.parametrize("k", [1, 2])
def test_diverging_training_names_the_discriminator_where_that_diverged(k):
    """D diverges in its first step; its second one notices, or the step of G that goes through it."""
    D, G = one_dimensional_players()
    optimizer_d, optimizer_g = SGD(D.parameters, 0.0), SGD(G.parameters, 0.01)
    options = {"optimizer_d": optimizer_d, "optimizer_g": optimizer_g, "n_iterations": 5, "rng": 0}
    run = train(D, G, Gaussian(2, 1), NoisePrior("uniform", 1), discriminator_steps=k, **options)
    next(run)
    optimizer_d.learning_rate = 1e39  # times a gradient, more than float32 holds
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=r"iteration 2: .* of D, Linear\("):
        list(run)


def test_a_divergence_in_the_very_last_update_is_not_silent():
    D, G = one_dimensional_players()
    options = {"optimizer_d": SGD(D.parameters, 0.0), "optimizer_g": SGD(G.parameters, 1e39), "rng": 0}
    run = train(D, G, Gaussian(2, 1), NoisePrior("uniform", 1), n_iterations=1, **options)
    with np.errstate(all="ignore"):
        assert np.isfinite(next(run).loss_g)
        with pytest.raises(FloatingPointError, match=r"iteration 1: the (weight|bias) of layer 0 of G"):
            next(run)
        done = TrainingState(0)
        done.iteration = 7
        run = train(D, G, Gaussian(2, 1), NoisePrior("uniform", 1), n_iterations=5, state=done, **options)
        with pytest.raises(FloatingPointError, match="in iteration 7"):
            next(run)


def test_overflowing_logits_of_finite_players_are_reported_with_the_largest_parameter():
    D, G = one_dimensional_players()
    D[0].weight.data[:] = 1e30
    D[3].weight.data[:] = 1e25
    words = r"iteration 1: J_D = .*logits of D .* 1e\+30, is the weight of layer 0 of D, Linear\(1, 8\)"
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=words):
        run_training(D, G, Gaussian(2, 1), learning_rate=0.0)


@pytest.mark.parametrize("optimizer", [lambda p: SGD(p, 0.05), lambda p: RMSProp(p, 0.01)], ids=["SGD", "RMSProp"])
def test_training_brings_the_generator_to_the_data(optimizer):
    """G's mean, 0 at first, settles around that of the data, 1.5. Over 6 seeds the error was at most 0.06."""
    G = Linear(1, 1, weight_init=normal(0.5), rng=0)
    D = Sequential(Linear(1, 16, weight_init=normal(1.0), rng=1), Tanh(), Linear(16, 1, weight_init=normal(0.3), rng=2))
    options = {"optimizer_d": optimizer(D.parameters), "optimizer_g": optimizer(G.parameters), "rng": 0}
    run = train(D, G, Gaussian(1.5, 0.5), NoisePrior("gaussian", 1), n_iterations=1500, batch_size=64, **options)
    means = [float(G.bias.data[0]) for _ in run]
    assert abs(np.mean(means[750:]) - 1.5) < 0.15


@pytest.mark.parametrize("objective", [NON_SATURATING, MINIMAX, LEAST_SQUARES, WASSERSTEIN], ids=lambda one: one.name)
def test_every_objective_brings_p_g_to_the_data(objective):
    """From a W1 of 3 to about 1 in 200 iterations; the critic of Wasserstein has clipped weights."""
    G = Linear(1, 1, rng=0)
    D = Sequential(Linear(1, 32, rng=1), Tanh(), Linear(32, 1, rng=2))
    limit = {"constraint": clipping(0.3)} if objective is WASSERSTEIN else {}
    optimizers = {"optimizer_d": RMSProp(D.parameters, 0.01, **limit), "optimizer_g": RMSProp(G.parameters, 0.01)}
    game = D, G, Gaussian(3, 1), NoisePrior("gaussian", 1)
    train(*game, n_iterations=200, batch_size=64, discriminator_steps=3, objective=objective, rng=0, **optimizers).run()
    x = np.linspace(-12, 12, 2001)
    assert wasserstein_distance(Gaussian(3, 1).pdf(x), pushforward_density(G, NoisePrior("gaussian", 1), x), x) < 1.7
