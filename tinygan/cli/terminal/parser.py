"""Read the words of a command line, and say in one line what is wrong with them and what was nearly right."""

import argparse
from typing import Any, NoReturn

from tinygan.arguments import alternatives
from tinygan.cli.terminal.status import WRONG_WORDS


class Parser(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` that suggests the nearest known word for an unknown one.

    Examples
    --------
    >>> parser = Parser(prog="tinygan")
    >>> _ = parser.add_argument("name", choices=["mnist", "tfd"])
    >>> parser.parse_args(["mnist"]).name
    'mnist'
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse the words, and refuse unknown ones."""
        options, rest = super().parse_known_args(args, namespace)
        if rest:
            known = [name for name in self._option_string_actions if name.startswith("--")]
            hint = f"{alternatives(rest[0], known)}" if rest[0].startswith("--") else ""
            self.error(f"there is no {rest[0]} here{hint}")
        return options, rest

    def error(self, message: str) -> NoReturn:
        """Print what is wrong, and exit."""
        self.exit(WRONG_WORDS, f"{self.prog}: error: {message}\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(action, f"there is no {value!r}{alternatives(value, list(action.choices))}")
