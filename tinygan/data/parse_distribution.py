"""Read a distribution from a short text such as gaussian:4,0.5."""

from collections.abc import Callable
from difflib import get_close_matches

from tinygan.data.distributions import Distribution, Exponential, Gaussian, Gumbel, Laplace, Mixture, Uniform

# family -> (constructor, names of its numbers, an example that works)
FAMILIES: dict[str, tuple[Callable[..., Distribution], str, str]] = {
    "gaussian": (Gaussian, "MEAN,STD", "gaussian:4,0.5"),
    "mixture": (Mixture, "MEAN,STD;MEAN,STD;...", "mixture:-2,1;2,1"),
    "uniform": (Uniform, "LOW,HIGH", "uniform:-1,1"),
    "exponential": (Exponential, "SCALE", "exponential:1"),
    "laplace": (Laplace, "MEAN,SCALE", "laplace:0,1"),
    "gumbel": (Gumbel, "LOC,SCALE", "gumbel:0,1"),
}


def parse_distribution(spec: str) -> Distribution:
    """Return the distribution that a text names.

    Parameters
    ----------
    spec : str
        ``family:numbers``: gaussian:MEAN,STD, mixture:MEAN,STD;MEAN,STD;..., uniform:LOW,HIGH, exponential:SCALE,
        laplace:MEAN,SCALE or gumbel:LOC,SCALE. The components of a mixture may have a third number, their weight; then
        all of them must have one.

    Raises
    ------
    ValueError
        If the text cannot be read. The message says what was read, and gives an example that works.

    Examples
    --------
    >>> parse_distribution("gaussian:4,0.5")
    Gaussian(4, 0.5)
    >>> parse_distribution("mixture:-2,1,1;2,1,3")
    Mixture([(-2.0, 1.0), (2.0, 1.0)], [0.25, 0.75])
    """
    family, _, numbers = spec.partition(":")
    family = family.strip().lower()
    if family not in FAMILIES:
        known = ", ".join(f"{name}:{form}" for name, (_, form, _) in FAMILIES.items())
        near = get_close_matches(family, FAMILIES, 1)
        hint = f", did you mean {near[0]}? It" if near else "; it"
        raise ValueError(f"{spec!r} names no distribution{hint} takes one of {known}; for example gaussian:4,0.5")
    build, form, example = FAMILIES[family]
    try:
        if family == "mixture":
            return _mixture([_numbers(part) for part in numbers.split(";")])
        values = _numbers(numbers)
        wanted = form.count(",") + 1
        if len(values) != wanted:
            raise ValueError(f"read {len(values)} number{'s' * (len(values) != 1)} where {wanted} belong")
        return build(*values)
    except ValueError as error:
        raise ValueError(f"{spec!r} cannot be read as {family}:{form}: {error}; for example {example}") from None


def _mixture(parts: list[list[float]]) -> Mixture:
    lengths = {len(part) for part in parts}
    if lengths == {2}:
        return Mixture([(mean, std) for mean, std in parts])
    if lengths == {3}:
        return Mixture([(mean, std) for mean, std, _ in parts], [weight for *_, weight in parts])
    counts = ", ".join(str(len(part)) for part in parts)
    raise ValueError(
        f"read components of {counts} numbers, where all take two (MEAN,STD) or all take three (MEAN,STD,WEIGHT)"
    )


def _numbers(text: str) -> list[float]:
    values = []
    for word in text.split(","):
        try:
            values.append(float(word))
        except ValueError:
            raise ValueError(f"read {word.strip()!r} where a number belongs") from None
    return values
