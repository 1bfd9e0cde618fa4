"""Says what to do when a step of a training needs more memory than there is."""

from collections.abc import Iterator
from typing import TypeVar

from tinygan.adversarial.training.state import TrainingState

T = TypeVar("T")


def explained_shortage(records: Iterator[T], state: TrainingState, device: str, batch_size: int) -> Iterator[T]:
    """Yield the records of a training; a MemoryError gets to name the iteration and the device, and a smaller batch.

    Examples
    --------
    >>> def records():
    ...     yield 1
    ...     raise MemoryError("Out of memory allocating 480,256 bytes.")
    >>> list(explained_shortage(records(), TrainingState(0), "gpu:0", 100))
    Traceback (most recent call last):
    MemoryError: iteration 1 does not fit on gpu:0: Out of memory allocating 480,256 bytes; try batch_size=50, not 100
    """
    try:
        yield from records
    except MemoryError as error:
        what = str(error).rstrip(".") or "out of memory"
        remedy = f"try batch_size={batch_size // 2}, not {batch_size}" if batch_size > 1 else "try narrower networks"
        raise MemoryError(f"iteration {state.iteration + 1} does not fit on {device}: {what}; {remedy}") from None
