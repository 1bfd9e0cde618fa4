"""Tables of wrong input: what is wrong, a call, the exception, and what it must say was given and is wanted."""

import pytest


def wrong_input(cases):
    """Parametrise a test by call, error and message."""
    names = [name for name, *_ in cases]
    assert len(set(names)) == len(names)
    return pytest.mark.parametrize(("call", "error", "message"), [case[1:] for case in cases], ids=names)


def assert_answered(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert type(caught.value) is error
