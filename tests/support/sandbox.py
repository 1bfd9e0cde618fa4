"""Whether a sandbox can be made here, and the same without its walls."""

import pytest

from tinygan.lessons.grading.sandbox import Sandbox, Unprotected


def why_not():
    """Return why no sandbox can be made here; empty if one can."""
    try:
        Sandbox()
    except RuntimeError as error:
        return str(error)
    return ""


WHY_NOT = why_not()
needs_bubblewrap = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


class NoWalls(Unprotected):
    """No sandbox, where the grader believes that there is one: to see that an attack would succeed without it."""

    is_safe = True
