"""What is wrong with the words of a command line is said in one line, with what was nearly right."""

import argparse

import pytest

from tinygan.cli import COMMANDS, main
from tinygan.cli.terminal.parser import Parser

# Words, the argument that is wrong, and what was said and meant.
NEAR_MISSES = [
    ("figur1", "COMMAND", "figur1", "figure1"),
    ("train mnits", "experiment", "mnits", "mnist"),
    ("train mnist --updates alternate", "--updates", "alternate", "alternating"),
    ("train mnist --objective minmax", "--objective", "minmax", "minimax"),
    ("evaluate --samples-file a.npy --experiment mnits", "--experiment", "mnits", "mnist"),
    ("data mnits", "NAME", "mnits", "mnist"),
    ("figure1 --noise-prior uniformly", "--noise-prior", "uniformly", "uniform"),
]


def said(words, capsys):
    """Return the one line in which words are refused."""
    try:
        status = main(words.split())
    except SystemExit as end:
        status = end.code
    out, err = capsys.readouterr()
    assert (status, out, err.count("\n")) == (2, "", 1)
    return err


@pytest.mark.parametrize(("words", "argument", "word", "meant"), NEAR_MISSES)
def test_a_near_miss_is_named(words, argument, word, meant, capsys):
    line = f": error: argument {argument}: there is no '{word}', did you mean {meant}? It takes one of "
    assert line in said(words, capsys)


@pytest.mark.parametrize(
    ("words", "near"),
    [
        ("train mnist --epcohs 3", "there is no --epcohs here, did you mean --epochs? "),
        ("gallery one_cach", "there is no bug 'one_cach' in the gallery, did you mean one_cache? It takes one of "),
        ("train mnist --set momentun=0.9", "the recipe of MNIST has no momentun, did you mean momentum? "),
        ("train mnist --set objective=minmax", "the recipe got objective 'minmax', did you mean 'minimax'? "),
        ("train mnist --set updates=alternate", "the recipe got updates 'alternate', did you mean 'alternating'? "),
    ],
)
def test_a_near_miss_of_a_name_that_the_parser_does_not_know_is_named(words, near, capsys):
    assert f"error: {near}" in said(words, capsys)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("runs a b", "tinygan runs: error: there is no b here\n"),
        ("train --epochs 0", "tinygan train: error: argument --epochs: '0' is not a whole number >= 1, such as 100\n"),
        ("train mnist --scale 1e-9",
         "tinygan train: error: the recipe got scale=1e-09, which leaves a layer without a unit; it takes 1/240 or more"
         "\n"),
        ("evaluate", "tinygan evaluate: error: one of the arguments RUN --samples-file is required\n"),
        ("svhn", "tinygan: error: argument COMMAND: there is no 'svhn'; it takes one of "
         f"{', '.join(command.__name__.rpartition('.')[2] for command in COMMANDS)}\n"),
    ],
)  # fmt: skip
def test_wrong_words_get_one_line(words, line, capsys):
    assert said(words, capsys) == line


def all_parsers(subparsers):
    """Yield name and parser of every command, and of the commands inside it."""
    for name, parser in subparsers.choices.items():
        yield name, parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                yield from all_parsers(action)


def test_every_command_says_in_its_help_what_its_options_are(capsys):
    subparsers = Parser(prog="tinygan").add_subparsers()
    for command in COMMANDS:
        command.add_parser(subparsers)
    for name, parser in all_parsers(subparsers):
        assert parser.description.endswith("."), name
        for option in parser._actions:
            assert option.help or isinstance(option, argparse._SubParsersAction), f"{name} {option.dest}"
            assert "%(" not in parser.format_help()
