"""Generative Adversarial Nets (Goodfellow et al. 2014) by hand: every layer states its own backward pass.

After ``import tinygan``, each room is imported when you first use it:

>>> import tinygan
>>> tinygan.layers.Linear(784, 1200)
layer              output shape  parameters
Linear(784, 1200)  (m, 1200)        942,000
"""

import sys
from types import ModuleType

__version__ = "0.1.0"


def __getattr__(name: str) -> ModuleType:
    """Import a room of the package, such as ``tinygan.layers``, when it is first used."""
    import importlib

    room = f"{__name__}.{name}"
    try:
        if not name.startswith("_"):
            return importlib.import_module(room)
    except ModuleNotFoundError as error:
        if error.name != room:
            raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])


def __dir__() -> list[str]:
    import pkgutil

    rooms = (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return sorted({*rooms, *(name for name in globals() if name.startswith("__"))})
