"""What a hypothesis finds, and the words that several of them use."""

from collections.abc import Sequence
from typing import TypeAlias

# The code and the message of what was found; None if it does not explain the wrong gradient.
Finding: TypeAlias = tuple[str, str] | None


def axes_in_words(axes: Sequence[int]) -> str:
    """Return axes as words.

    Examples
    --------
    >>> axes_in_words([0]), axes_in_words([0, 2, 3])
    ('axis 0', 'axes 0, 2, 3')
    """
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"
