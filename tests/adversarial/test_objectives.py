"""The objectives: their values and gradients, the paper's over the whole range of a float against exact arithmetic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.precision import exactly, log_one_plus_exp, logistic, whole_range, worst_ulps

from tinygan.adversarial import LEAST_SQUARES, WASSERSTEIN, Objective, discriminator_loss, generator_loss
from tinygan.adversarial.objectives import OBJECTIVES
from tinygan.functional import sigmoid

OF_THE_PAPER = ("non_saturating", "minimax")
PRECISIONS = (np.float32, np.float64)
ULPS = 6  # NumPy's float32 exp alone may be off by 2.5


def negative(values: list) -> list:
    return [-value for value in values]


def any_logit(dtype: type) -> st.SearchStrategy:
    bound = float(np.finfo(dtype).max) / 4
    return st.floats(-bound, bound, width=32 if dtype == np.float32 else 64)


def each_alone(function, *batches: np.ndarray) -> list[np.ndarray]:
    """Call function on one example at a time, so that no mean comes between, and collect what it returns."""
    results = [function(*(a[i : i + 1] for a in batches)) for i in range(len(batches[0]))]
    return [np.array([np.ravel(result[j])[0] for result in results]) for j in range(len(results[0]))]


def check_discriminator_loss(real: np.ndarray, fake: np.ndarray) -> None:
    losses, grads_real, grads_fake = each_alone(discriminator_loss, real, fake)
    of_real, of_fake = exactly(log_one_plus_exp, -real), exactly(log_one_plus_exp, fake)
    assert worst_ulps(losses, [a + b for a, b in zip(of_real, of_fake, strict=True)]) <= ULPS
    assert worst_ulps(grads_real, negative(exactly(logistic, -real))) <= ULPS
    assert worst_ulps(grads_fake, exactly(logistic, fake)) <= ULPS


def check_generator_loss(fake: np.ndarray) -> None:
    losses, grads = each_alone(lambda a: generator_loss(a, "non_saturating"), fake)
    assert worst_ulps(losses, exactly(log_one_plus_exp, -fake)) <= ULPS
    assert worst_ulps(grads, negative(exactly(logistic, -fake))) <= ULPS
    losses, grads = each_alone(lambda a: generator_loss(a, "minimax"), fake)
    assert worst_ulps(losses, negative(exactly(log_one_plus_exp, fake))) <= ULPS
    assert worst_ulps(grads, negative(exactly(logistic, fake))) <= ULPS


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_the_generator_loss_is_exact_to_a_few_ulp_over_the_whole_float_range(dtype):
    check_generator_loss(whole_range(dtype)[::3])


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_the_discriminator_loss_is_exact_to_a_few_ulp_over_the_whole_float_range(dtype):
    real = whole_range(dtype)[::3]
    real = real[np.abs(real) < np.finfo(dtype).max / 4]  # a sum of two losses must fit
    check_discriminator_loss(real, -real)
    check_discriminator_loss(real[::4], np.full_like(real[::4], 0.25))


@given(data=st.data(), dtype=st.sampled_from(PRECISIONS))
def test_both_losses_are_exact_to_a_few_ulp_for_any_float(data, dtype):
    real, fake = (np.array([data.draw(any_logit(dtype))], dtype) for _ in range(2))
    check_discriminator_loss(real, fake)
    check_generator_loss(fake)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("logit", [-20.0, -50.0, -80.0])
def test_the_saturating_objective_keeps_its_tiny_gradient(logit, dtype):
    _, grad = generator_loss(np.array([[logit]], dtype), "minimax")
    np.testing.assert_allclose(grad, -np.exp(logit), rtol=1e-6)
    assert grad[0, 0] < 0


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("logit", [20.0, 50.0, 80.0])
def test_the_other_objectives_keep_their_tiny_gradients_too(logit, dtype):
    a = np.array([[logit]], dtype)
    tiny = np.exp(-logit)
    np.testing.assert_allclose(generator_loss(a)[1], -tiny, rtol=1e-6)
    np.testing.assert_allclose(discriminator_loss(a, -a)[1], -tiny, rtol=1e-6)
    np.testing.assert_allclose(discriminator_loss(a, -a)[2], tiny, rtol=1e-6)
    np.testing.assert_allclose(discriminator_loss(a, -a)[0], 2 * tiny, rtol=1e-6)


# --- values, from the formulas of the paper ---------------------------------------------------------------------------


def moderate_logits(shape_of_rows: tuple[int, ...] = (), max_size: int = 6) -> st.SearchStrategy:
    numbers = st.lists(st.floats(-5, 5), min_size=1, max_size=max_size)
    return numbers.map(lambda values: np.array(values).reshape(-1, *shape_of_rows))


def probability(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


@given(real=moderate_logits(), fake=moderate_logits())
def test_the_discriminator_loss_is_minus_the_value_of_equation_1(real, fake):
    value = np.mean(np.log(probability(real))) + np.mean(np.log(1 - probability(fake)))
    np.testing.assert_allclose(discriminator_loss(real, fake)[0], -value, rtol=1e-12)


@given(fake=moderate_logits())
def test_the_minimax_objective_is_the_mean_of_log_1_minus_d(fake):
    value = np.mean(np.log(1 - probability(fake)))
    np.testing.assert_allclose(generator_loss(fake, "minimax")[0], value, rtol=1e-12)


@given(fake=moderate_logits())
def test_the_non_saturating_objective_is_minus_the_mean_of_log_d_and_the_default(fake):
    value = -np.mean(np.log(probability(fake)))
    np.testing.assert_allclose(generator_loss(fake, "non_saturating")[0], value, rtol=1e-12)
    assert generator_loss(fake)[0] == generator_loss(fake, "non_saturating")[0]


@given(fake=moderate_logits())
def test_both_objectives_of_the_paper_push_every_logit_up(fake):
    for objective in OF_THE_PAPER:
        assert (generator_loss(fake, objective)[1] < 0).all()


def test_early_in_learning_the_non_saturating_gradient_is_the_stronger_one():
    surely_fake = np.full((3, 1), -10.0)
    strong = generator_loss(surely_fake, "non_saturating")[1]
    weak = generator_loss(surely_fake, "minimax")[1]
    np.testing.assert_allclose(strong / weak, np.exp(10.0), rtol=1e-9)


@given(real=moderate_logits(), fake=moderate_logits())
def test_the_least_squares_objective_is_equation_9_of_mao_et_al(real, fake):
    loss = np.mean((real - 1) ** 2) / 2 + np.mean(fake**2) / 2
    np.testing.assert_allclose(discriminator_loss(real, fake, "least_squares")[0], loss, rtol=1e-12)
    np.testing.assert_allclose(generator_loss(fake, LEAST_SQUARES)[0], np.mean((fake - 1) ** 2) / 2, rtol=1e-12)


@given(p_data=st.floats(0.01, 1), p_g=st.floats(0.01, 1))
def test_the_best_least_squares_logit_is_the_optimal_discriminator(p_data, p_g):
    best = np.array([p_data / (p_data + p_g)])
    slope = p_data * LEAST_SQUARES.loss_real(best)[1] + p_g * LEAST_SQUARES.loss_fake(best)[1]
    assert abs(slope[0]) < 1e-15


@given(real=moderate_logits(), fake=moderate_logits())
def test_the_wasserstein_objective_is_the_difference_of_the_critic_s_means(real, fake):
    np.testing.assert_allclose(discriminator_loss(real, fake, "wasserstein")[0], fake.mean() - real.mean(), atol=1e-14)
    np.testing.assert_allclose(generator_loss(fake, WASSERSTEIN)[0], -fake.mean(), atol=1e-14)


def test_a_critic_says_its_logit_and_least_squares_says_the_probability_nearest_to_it():
    logits = np.array([-3.0, -0.5, 0.0, 0.3, 1.0, 7.0])
    np.testing.assert_array_equal(WASSERSTEIN.output(logits), logits)
    np.testing.assert_array_equal(LEAST_SQUARES.output(logits), [0, 0, 0, 0.3, 1, 1])
    assert [objective.says_probability for objective in OBJECTIVES.values()] == [True, True, True, False]


# --- what an objective is ---------------------------------------------------------------------------------------------


def test_a_name_stands_for_the_objective_of_that_name():
    fake = np.array([0.5, -1.0])
    for name, objective in OBJECTIVES.items():
        assert objective.name == name
        for one, other in zip(generator_loss(fake, name), objective.generator(fake), strict=True):
            np.testing.assert_array_equal(one, other)
        for one, other in zip(discriminator_loss(-fake, fake, name), objective.discriminator(-fake, fake), strict=True):
            np.testing.assert_array_equal(one, other)


def test_an_objective_of_one_s_own_needs_three_losses_and_nothing_else():
    def cubed(a):
        return a**3, 3 * a**2

    own = Objective("cubes", loss_real=cubed, loss_fake=lambda a: (2 * a, 2 * np.ones_like(a)), loss_g=cubed)
    loss, grad_real, grad_fake = own.discriminator(np.array([1.0, 2.0]), np.array([1.0, 3.0, 5.0]))
    assert loss == 4.5 + 6
    np.testing.assert_array_equal(grad_real, [1.5, 6.0])
    np.testing.assert_allclose(grad_fake, [2 / 3] * 3)
    loss, grad = generator_loss(np.array([[1.0], [2.0]]), own)
    assert loss == 4.5
    np.testing.assert_array_equal(grad, [[1.5], [6.0]])
    assert own.output(np.zeros(1)) == 0.5
    assert repr(own) == "Objective(name='cubes')"


@pytest.mark.parametrize("name", OF_THE_PAPER)
def test_the_paper_s_d_is_the_sigmoid_of_its_logit(name):
    logits = np.linspace(-3, 3, 7)
    np.testing.assert_array_equal(OBJECTIVES[name].output(logits), sigmoid(logits))


# --- gradients, numerically -------------------------------------------------------------------------------------------


def numerical_gradient(function, a: np.ndarray, step: float = 1e-3) -> np.ndarray:
    """Four-point central differences, entry by entry; error about step^4."""
    gradient = np.empty_like(a)
    for i in np.ndindex(a.shape):

        def moved(by, i=i):
            b = a.copy()
            b[i] += by
            return function(b)

        gradient[i] = (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step)
    return gradient


@given(real=moderate_logits((1,)), fake=moderate_logits((1,)), objective=st.sampled_from([*OBJECTIVES]))
def test_the_gradients_of_the_discriminator_loss_are_its_derivatives(real, fake, objective):
    _, grad_real, grad_fake = discriminator_loss(real, fake, objective)
    numerical_real = numerical_gradient(lambda a: discriminator_loss(a, fake, objective)[0], real)
    numerical_fake = numerical_gradient(lambda a: discriminator_loss(real, a, objective)[0], fake)
    np.testing.assert_allclose(grad_real, numerical_real, atol=1e-10)
    np.testing.assert_allclose(grad_fake, numerical_fake, atol=1e-10)


@given(fake=moderate_logits((1,)), objective=st.sampled_from([*OBJECTIVES]))
def test_the_gradient_of_the_generator_loss_is_its_derivative(fake, objective):
    numerical = numerical_gradient(lambda a: generator_loss(a, objective)[0], fake)
    np.testing.assert_allclose(generator_loss(fake, objective)[1], numerical, atol=1e-10)


# --- shapes, dtypes, batches ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("shape", [(1,), (4,), (1, 1), (4, 1)])
def test_losses_are_scalars_and_gradients_have_the_shape_and_dtype_of_the_logits(shape, dtype):
    a = np.linspace(-1, 1, shape[0]).reshape(shape).astype(dtype)
    for objective in OBJECTIVES.values():
        loss_d, grad_real, grad_fake = objective.discriminator(a, -a)
        for loss, grad in [(loss_d, grad_real), (loss_d, grad_fake), objective.generator(a)]:
            assert np.ndim(loss) == 0
            assert loss.dtype == dtype
            assert grad.shape == shape
            assert grad.dtype == dtype


@given(real=moderate_logits(), fake=moderate_logits())
def test_columns_and_flat_vectors_mean_the_same(real, fake):
    flat, column = discriminator_loss(real, fake), discriminator_loss(real[:, None], fake[:, None])
    assert flat[0] == column[0]
    np.testing.assert_array_equal(flat[1], column[1][:, 0])
    np.testing.assert_array_equal(flat[2], column[2][:, 0])
    for objective in OBJECTIVES:
        flat, column = generator_loss(fake, objective), generator_loss(fake[:, None], objective)
        assert flat[0] == column[0]
        np.testing.assert_array_equal(flat[1], column[1][:, 0])


@given(real=moderate_logits((1,)), fake=moderate_logits((1,)), times=st.integers(2, 5))
def test_repeating_the_batch_keeps_the_loss_and_shares_the_gradient_out(real, fake, times):
    def repeat(a):
        return np.tile(a, (times, 1))

    once, often = discriminator_loss(real, fake), discriminator_loss(repeat(real), repeat(fake))
    np.testing.assert_allclose(often[0], once[0], rtol=1e-13, atol=1e-300)
    np.testing.assert_allclose(often[1], repeat(once[1]) / times, rtol=1e-13, atol=1e-300)
    np.testing.assert_allclose(often[2], repeat(once[2]) / times, rtol=1e-13, atol=1e-300)
    for objective in OBJECTIVES:
        once, often = generator_loss(fake, objective), generator_loss(repeat(fake), objective)
        np.testing.assert_allclose(often[0], once[0], rtol=1e-13, atol=1e-300)
        np.testing.assert_allclose(often[1], repeat(once[1]) / times, rtol=1e-13, atol=1e-300)


def test_the_two_batches_of_the_discriminator_loss_may_differ_in_size():
    loss, grad_real, grad_fake = discriminator_loss(np.zeros((2, 1)), np.zeros((5, 1)))
    np.testing.assert_allclose(loss, 2 * np.log(2))
    np.testing.assert_allclose(grad_real, np.full((2, 1), -0.5 / 2))
    np.testing.assert_allclose(grad_fake, np.full((5, 1), 0.5 / 5))


def test_the_losses_leave_the_logits_alone():
    real, fake = np.array([[0.5], [-2.0]]), np.array([[1.5], [3.0]])
    kept = real.copy(), fake.copy()
    for objective in OBJECTIVES:
        discriminator_loss(real, fake, objective)
        generator_loss(fake, objective)
    np.testing.assert_array_equal(real, kept[0])
    np.testing.assert_array_equal(fake, kept[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_mean_of_the_largest_losses_does_not_overflow(dtype):
    largest = np.full((4, 1), 0.9 * np.finfo(dtype).max, dtype)
    assert generator_loss(-largest)[0] == pytest.approx(0.9 * float(np.finfo(dtype).max), rel=1e-6)
    assert discriminator_loss(-largest, -largest)[0] == pytest.approx(0.9 * float(np.finfo(dtype).max), rel=1e-6)


def test_a_loss_of_ones_own_in_float64_leaves_a_float32_network_in_float32():
    logits = np.zeros((2, 1), np.float32)
    careless = Objective("careless", *[lambda a: (np.float64(2) * a.astype(float), np.ones(a.shape))] * 3)
    loss, grad_real, grad_fake = careless.discriminator(logits, logits)
    assert {array.dtype for array in (loss, grad_real, grad_fake, *careless.generator(logits))} == {logits.dtype}
