"""Nothing that an answer does reaches the grader, other submissions, the file system or the network."""

import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from support.attacks import ATTACKS, attacks
from support.sandbox import NoWalls, needs_bubblewrap

import tinygan
from tinygan.lessons.catalog import find_exercise, find_lesson
from tinygan.lessons.grading import sandbox
from tinygan.lessons.grading.grade import found_in
from tinygan.lessons.grading.sandbox import Sandbox, ask

EXERCISE = find_exercise("sigmoid_backward")
SEED, SECONDS = 11, 1


@pytest.fixture(scope="module")
def walls():
    return Sandbox()


@pytest.fixture
def server():
    """A server on this machine; it remembers who came."""
    came = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    came.append(listening.accept())
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1], came
        listening.shutdown(socket.SHUT_RDWR)
        for connection, _ in came:
            connection.close()


@pytest.fixture
def target(server, tmp_path):
    """What the attacks are after: a server, files to read, folders to write to."""
    (tmp_path / "secret").write_text("1234")
    folders = [str(tmp_path), "/tmp", "/dev/shm", "/", "/site", os.path.dirname(tinygan.__file__)]
    secrets = [str(tmp_path / "secret"), str(find_lesson(3).script), "/site/tinygan/lessons/tutorials/03_layers.py"]
    yield attacks(server[0], [*secrets, "/etc/passwd", "/proc/1/environ"], folders)
    for folder in folders:
        if os.path.exists(path := os.path.join(folder, "attack.txt")):
            os.remove(path)
            pytest.fail(f"{path} was written")


def verdict(where, code):
    """Return what the grader says to a script."""
    request = {
        "module": find_lesson(3).module,
        "exercise": EXERCISE.name,
        "seed": SEED,
        "file": "03_layers.py",
    }
    return found_in(ask(where, request, code.encode(), SECONDS), EXERCISE, SEED, SECONDS)[0]


# The state, and words of the sentence.
FATES = {
    "loop": ("too slow", "had not returned after 1 s"),
    "sleep": ("needs a look", "In the sandbox: too slow"),
    "silence": ("needs a look", "In the sandbox: too slow"),
    "processes": ("needs a look", "Operation not permitted"),
    "threads": ("needs a look", "can't start new thread"),
    "memory": ("raised", "needs more memory than there is"),
    "memory_of_a_file": ("needs a look", "Operation not permitted"),
    "segfault": ("needs a look", "ended Python by SIGSEGV"),
    "exit": ("needs a look", "ended Python with exit status 0"),
    "replaced_comparison": ("needs a look", "It changes np.allclose"),
    "network": ("needs a look", "Operation not permitted"),
    "memory_of_others": ("needs a look", "Operation not permitted"),
    "pair_of_sockets": ("needs a look", "Operation not permitted"),
    "reading": ("needs a look", "nothing to read"),
    "writing": ("needs a look", "nowhere to write"),
    "print": ("wrong", "prints 100,000,100 characters"),
    "output": ("needs a look", "In the sandbox: wrong"),
    "flood": ("needs a look", "returned more than 64 MB"),
    "forgery": ("needs a look", "In the sandbox: died"),
}


SLOW = {"sleep", "silence"}  # by the clock on the wall: it must stop them before they end by themselves


@needs_bubblewrap
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in ATTACKS])
def test_an_attack_fails(name, walls, target, server, monkeypatch):
    if name in SLOW:
        monkeypatch.setattr(sandbox, "STARTING", 20)
    found = verdict(walls, target[name])
    state, words = FATES[name]
    assert found.state == state
    assert words in found.sentence
    assert "In the sandbox: right" not in found.sentence
    assert not server[1]


@needs_bubblewrap
def test_the_same_script_without_an_attack_is_right(walls):
    assert verdict(walls, find_lesson(3).script.read_text(encoding="utf-8")).is_right


@needs_bubblewrap
def test_solutions_that_lie_in_what_is_shown_are_covered(monkeypatch):
    shown = next(path for path in sorted(Path("/usr/share").iterdir()) if path.is_dir() and any(path.iterdir()))
    monkeypatch.setattr(sandbox, "folder", lambda: shown)
    with Sandbox().command() as (words, others):
        code = f"import os; print(os.listdir('/usr/share') != [], os.listdir({str(shown)!r}))"
        done = subprocess.run([*words, "-c", code], capture_output=True, text=True, check=True, **others)
    assert done.stdout == "True []\n"


@pytest.mark.parametrize("name", ["network", "reading"])
def test_an_attack_would_succeed_without_the_walls(name, target, server):
    assert "In the sandbox: right" in verdict(NoWalls(), target[name]).sentence
    assert bool(server[1]) == (name == "network")
