"""How a command ends: its exit status, and an error in words."""

FAILED = 1
WRONG_WORDS = 2  # as argparse has it
INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def in_words(error: Exception) -> str:
    """Return what an error says; of one that the operating system raised, where and what, and not its number.

    Examples
    --------
    >>> in_words(OSError(28, "No space left on device", "runs/mnist/checkpoint.npz"))
    'runs/mnist/checkpoint.npz: No space left on device'
    """
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__
