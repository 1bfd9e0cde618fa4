"""The command line as a whole."""

import subprocess
import sys

import pytest

import tinygan
from tinygan.cli import main


def test_without_words_it_prints_the_help(capsys):
    assert main([]) == 0
    assert "figure1" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--help"], ["figure1", "--help"]])
def test_help(words, capsys):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 0
    assert "usage: tinygan" in capsys.readouterr().out


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"tinygan {tinygan.__version__}\n"


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as end:
        main(["figure2"])
    assert end.value.code == 2
    assert (
        "there is no 'figure2', did you mean figure1? It takes one of figure1, lesson, check" in capsys.readouterr().err
    )


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom tinygan.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'numpy', 'scipy', 'matplotlib', 'tqdm', 'threadpoolctl', 'pooch', 'cupy'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


def test_python_m_tinygan_is_the_same():
    run = subprocess.run([sys.executable, "-m", "tinygan", "--version"], capture_output=True, text=True, check=True)
    assert run.stdout == f"tinygan {tinygan.__version__}\n"
