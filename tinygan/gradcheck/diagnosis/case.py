"""One wrong gradient, the right one, and everything that a hypothesis may ask about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.closeness import is_derivative, same
from tinygan.gradcheck.diagnosis.jacobians import Jacobians, by_forward, jacobians
from tinygan.gradcheck.numerical import Numerical, numerical_gradient
from tinygan.gradcheck.subjects.subject import Subject
from tinygan.gradcheck.trial import Trial, run

# At how many inputs a gradient has to be right.
TRIALS = 3


@dataclass
class Case:
    """The evidence on one tensor whose gradient is wrong.

    Attributes
    ----------
    subject : Subject
    tensor : str
        The tensor whose gradient is wrong.
    trial : Trial
        The run that gave the gradient.
    numerical : Numerical
        The right gradient, at some entries.
    entries : ndarray of int
        Flat positions of these entries in the tensor: all positions, in order, if the tensor is small.
    seed : int
        Seed of the draws of the forward pass.
    """

    subject: Subject
    tensor: str
    trial: Trial
    numerical: Numerical
    entries: Array
    seed: int
    tolerance: float

    @property
    def wrong(self) -> Array:
        """The gradient that came back, unchanged."""
        return np.asarray(self.trial.gradients[self.tensor])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the gradient should have."""
        return tuple(self.subject.tensors[self.tensor].shape)

    @property
    def is_whole(self) -> bool:
        """Whether all entries of the right gradient are known, not only some."""
        return len(self.entries) == int(self.subject.tensors[self.tensor].size)

    @property
    def has_shape(self) -> bool:
        """Whether the gradient has the right shape."""
        return bool(self.wrong.shape == self.shape)

    @property
    def m(self) -> int:
        """The number of examples in the batch; y may have fewer rows, since a loss has one or none."""
        return self.subject.m

    @cached_property
    def usable(self) -> Array:
        """A mask of the entries whose derivative is known."""
        known: Array = ~self.numerical.at_kink & (self.numerical.noise <= self.margin)
        return known

    @property
    def is_resolved(self) -> bool:
        """Whether at least one entry is far larger than its noise."""
        sure = np.abs(self.numerical.gradient) > 1e3 * self.numerical.noise
        return bool(sure[~self.numerical.at_kink].any())

    @property
    def margin(self) -> float:
        """How far apart two numbers may be and still count as the same."""
        truth = np.abs(self.numerical.gradient[~self.numerical.at_kink])
        return max(1e-5, self.tolerance) * float(truth.max(initial=0.0))

    @property
    def right(self) -> Array:
        """What the gradient should be, at the usable entries."""
        truth: Array = self.numerical.gradient[self.usable]
        return truth

    @property
    def whole_right(self) -> Array:
        """What the gradient should be, in the shape of the tensor; only if all entries are known."""
        return self.numerical.gradient.reshape(self.shape)

    @cached_property
    def forward_paths(self) -> Array | None:
        """The derivatives of all entries of y by the usable entries, (n_y, n_entries); None if y is too large."""
        return by_forward(self.subject, self.tensor, self.entries[self.usable], self.trial.y, self.seed)

    @cached_property
    def jacobians(self) -> Jacobians | None:
        """How every entry of y depends on the usable entries, by forward and by backward; None if y is too large."""
        if not self.has_shape or not self.subject.takes_grad_y or self.forward_paths is None:
            return None
        y, entries = self.trial.y, self.entries[self.usable]
        return jacobians(self.subject, self.tensor, entries, self.forward_paths, y.shape, self.seed, self.tolerance)

    def at_entries(self, gradient: Any) -> Array:
        """Return a gradient at the usable entries."""
        return np.asarray(gradient).reshape(-1)[self.entries][self.usable]

    def is_right(self, gradient: Any) -> bool:
        """Return whether a gradient, such as the wrong one with a correction, is right."""
        gradient = np.asarray(gradient)
        return (
            gradient.shape == self.shape
            and len(self.right) > 0
            and same(self.at_entries(gradient), self.right, self.margin)
        )

    def explains(self, prediction: Any) -> bool:
        """Return whether a prediction of the whole wrong gradient comes true."""
        prediction = np.asarray(prediction)
        return prediction.shape == self.wrong.shape and same(prediction, self.wrong, self.margin)

    def gradient_elsewhere(self, change: Callable[[], None], undo: Callable[[], None]) -> Array | None:
        """Return the numerical gradient after a change of the subject, then undo it; None if the subject fails."""
        change()
        try:
            tensor = self.subject.tensors[self.tensor]
            y = self.subject.y(self.seed)
            if y.shape != self.trial.grad_y.shape:
                return None
            found = numerical_gradient(lambda: self.subject.y(self.seed), self.trial.grad_y, tensor, self.entries)
            return found.gradient
        except (ValueError, IndexError, TypeError):
            return None
        finally:
            undo()

    def vanishes_with(self, inputs: Mapping[str, Array]) -> bool:
        """Return whether the gradient is 0 at other inputs, at which it should not be."""
        try:
            with self.subject.varied(inputs, {}):
                gradient = np.asarray(run(self.subject, self.trial.grad_y.copy(), self.seed).gradients[self.tensor])
                return not gradient.any() and not self._is_right_now(gradient, self.trial.grad_y)
        except Exception:  # whatever the code under check raises
            return False

    def is_right_with(self, inputs: Mapping[str, Array], numbers: Mapping[str, float]) -> bool | None:
        """Return whether the gradient is right at other inputs, and with other numbers; None if these do not work."""
        try:
            with self.subject.varied(inputs, numbers):
                return all(self._is_right_at_moved_inputs(seed) for seed in range(TRIALS))
        except Exception:  # whatever the code under check raises
            return None

    def _is_right_at_moved_inputs(self, seed: int) -> bool:
        """Return whether the gradient is right, and not 0, after all inputs have moved a little; zeros stay."""
        rng = np.random.default_rng(seed)
        moved = {name: x * (1 - 0.2 * seed * rng.random(x.shape)) for name, x in self.subject.inputs.items()}
        with self.subject.varied(moved, {}):
            grad_y = rng.normal(size=self.subject.y(self.seed).shape)
            gradient = run(self.subject, grad_y.copy(), self.seed).gradients[self.tensor]
            return bool(np.any(gradient)) and self._is_right_now(gradient, grad_y)

    def is_right_with_examples(self, n: int) -> bool:
        """Return whether the gradient is right for the first n examples alone."""
        try:
            with self.subject.first_examples(n):
                # a weight as long as the batch would have been cut as well, and y would have another shape
                is_alike = self.subject.y(self.seed).shape[1:] == self.trial.y.shape[1:]
                return is_alike and self.is_right_with({}, {}) is True
        except Exception:  # whatever the code under check raises
            return False

    def _is_right_now(self, gradient: Any, grad_y: Array) -> bool:
        return is_derivative(self.subject, grad_y, self.tensor, gradient, self.seed)

    def with_first_examples(self, n: int) -> tuple[Array, Array] | None:
        """Return the wrong gradient and the right one, at the usable entries, for the first n examples alone.

        It is None if the tensor holds the examples themselves, or if there is no such smaller batch.
        """
        subject, m, grad_y = self.subject, self.m, self.trial.grad_y
        if not 0 < n < m:
            return None
        try:
            with subject.first_examples(n):
                shape = subject.y(self.seed).shape
                has_examples = grad_y.ndim > subject.axis and grad_y.shape[subject.axis] == m
                grad_y = grad_y.take(range(n), subject.axis) if has_examples else grad_y
                if grad_y.shape != shape:  # another tensor was as long as the batch, and was cut as well
                    grad_y = np.random.default_rng(self.seed).normal(size=shape)
                trial = run(subject, grad_y.copy(), self.seed)
                tensor = subject.tensors[self.tensor]
                entries = self.entries[self.usable]
                entries = entries[entries < tensor.size]
                found = numerical_gradient(lambda: subject.y(self.seed), trial.grad_y, tensor, entries)
                wrong = np.asarray(trial.gradients[self.tensor])
                return (wrong.reshape(-1)[entries], found.gradient) if wrong.shape == tensor.shape else None
        except Exception:  # whatever the code under check raises
            return None
