"""The sandbox: a process that sees Python, NumPy and tinygan, and nothing else of the machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from tinygan.lessons.catalog import folder
from tinygan.lessons.grading.system_calls import refusing_program

WORKER = "tinygan.lessons.grading.worker"
PACKAGES = ("numpy", "scipy", "threadpoolctl", "tinygan")
SITE = "/site"  # where the packages lie inside
MUCH = 64 << 20  # bytes that one answer may have
STARTING = 30  # seconds until Python and NumPy are there, on a busy machine
# One thread: a second one is refused, and threads take addresses, which are limited.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}

INSTALL = (
    "grading runs the code of others, in a sandbox that bubblewrap makes (bwrap; Linux only). Install it, with: "
    "apt install bubblewrap (Debian, Ubuntu). To grade without a sandbox code that you trust: --unsafe"
)


@dataclass(frozen=True)
class Reply:
    """What a process left behind.

    Attributes
    ----------
    data : bytes
        What it wrote.
    status : int
        Its exit status; negative or above 128 if a signal ended it.
    in_time : bool
        Whether it ended by itself.
    """

    data: bytes
    status: int
    in_time: bool

    @property
    def signal(self) -> str:
        """The name of the signal that ended it; empty if none did."""
        with suppress(ValueError):
            return signal.Signals(-self.status if self.status < 0 else self.status - 128).name
        return ""


class Unprotected:
    """No sandbox: the worker runs as a process like any other, within its own limits."""

    is_safe = False

    @contextmanager
    def command(self) -> Iterator[tuple[list[str], dict[str, Any]]]:
        """Give the words that start Python, and what else the process needs."""
        path = os.pathsep.join(path for path in sys.path if path)
        yield [sys.executable, "-P", "-B"], {"env": {**os.environ, **ENVIRONMENT, "PYTHONPATH": path}}


class Sandbox:
    """Bubblewrap's sandbox: own processes, no network, read-only files, and no place to write to.

    Raises
    ------
    RuntimeError
        If there is no bubblewrap, or it cannot make a sandbox here.
    """

    is_safe = True

    def __init__(self) -> None:
        found = shutil.which("bwrap")
        if found is None:
            raise RuntimeError(INSTALL)
        self._filter = refusing_program()
        self._words = [found, *_namespaces(), *_mounts(), "--remount-ro", "/", "--chdir", "/"]
        with self.command() as (words, others):
            tried = subprocess.run([*words, "-c", f"import {WORKER}"], capture_output=True, check=False, **others)
        if tried.returncode:
            said = tried.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise RuntimeError(f"bubblewrap makes no sandbox here: {said}. To grade without one: --unsafe")

    @contextmanager
    def command(self) -> Iterator[tuple[list[str], dict[str, Any]]]:
        """Give the words that start Python inside, and what else the process needs."""
        reading, writing = os.pipe()
        os.write(writing, self._filter)
        os.close(writing)
        try:
            words = [*self._words, "--seccomp", str(reading), "--", str(_python()), "-P", "-S", "-s", "-B"]
            yield words, {"env": {**ENVIRONMENT, "PYTHONPATH": SITE}, "pass_fds": [reading]}
        finally:
            os.close(reading)


def _namespaces() -> list[str]:
    """Return the words for own processes, no network, no other user, no rights, and an end with the grader's."""
    alone = ["--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]
    return [*alone, "--die-with-parent", "--new-session", "--hostname", "sandbox"]


def _python() -> Path:
    """Return Python itself, outside of any virtual environment."""
    return Path(sys.executable).resolve()


def _mounts() -> list[str]:
    """Return the words for what is to be seen inside, read-only: the system's libraries, Python, the packages."""
    words = ["--ro-bind", "/usr", "/usr", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for path in (Path("/lib"), Path("/lib64")):
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), str(path)]
        else:
            words += ["--ro-bind-try", str(path), str(path)]
    if not _python().is_relative_to("/usr"):
        words += ["--ro-bind", sys.base_prefix, sys.base_prefix]
    for name in PACKAGES:
        for path in _parts(name):
            words += ["--ro-bind", str(path), f"{SITE}/{path.name}"]
    for scripts in _scripts_seen():
        words += ["--tmpfs", scripts, "--remount-ro", scripts]
    return [*words, "--dev-bind", "/dev/null", "/dev/null"]


def _scripts_seen() -> Iterator[str]:
    """Yield where the lessons with their solutions would be seen inside: they are to be covered."""
    scripts, package = folder().resolve(), _folder("tinygan")
    if scripts.is_relative_to(package):
        yield f"{SITE}/tinygan/{scripts.relative_to(package)}"
    if any(scripts.is_relative_to(shown) for shown in ("/usr", Path(sys.base_prefix).resolve())):
        yield str(scripts)


def _folder(name: str) -> Path:
    """Return the folder of a package, or the file of a module."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).resolve()
    return path.parent if path.name == "__init__.py" else path


def _parts(name: str) -> list[Path]:
    """Return where a package lies, and the libraries that a wheel puts beside it."""
    folder = _folder(name)
    libraries = folder.with_name(f"{name}.libs")
    return [folder, libraries] if libraries.is_dir() else [folder]


def ask(where: Sandbox | Unprotected, request: Mapping[str, Any], content: bytes, seconds: int) -> Reply:
    """Let a worker answer a request, and stop it when it takes too long or says too much.

    Parameters
    ----------
    where : Sandbox or Unprotected
    request : dict
        What `worker.main` reads: module and exercise, seed, name of the file.
    content : bytes
        The student's file.
    seconds : int
        Processor time for the student's code. The clock on the wall gets twice as many, and some to start.
    """
    line = json.dumps({**request, "seconds": seconds, "run_all": where.is_safe}).encode() + b"\n"
    data = bytearray()
    with where.command() as (words, others):
        # In a session of its own: Ctrl-C is for the grader, which then lets this one end.
        process = subprocess.Popen(
            [*words, "-m", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **others,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    reader = threading.Thread(target=_read, args=(process.stdout, data), daemon=True)
    reader.start()
    end = time.monotonic() + STARTING + 2 * seconds
    with suppress(BrokenPipeError), process.stdin:  # it may have died before it had read all
        process.stdin.write(line + content)
    reader.join(end - time.monotonic())
    if len(data) <= MUCH:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(1, end - time.monotonic()))
    in_time = process.poll() is not None
    process.kill()
    status = process.wait()
    reader.join(1)
    return Reply(bytes(data), status, in_time)


def _read(stream: BinaryIO, data: bytearray) -> None:
    """Read until there is no more, or too much."""
    with stream:
        while len(data) <= MUCH and (more := stream.read1(1 << 16)):  # type: ignore[attr-defined]
            data += more
