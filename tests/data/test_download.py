"""Downloads from mirrors on this machine: only whole, right files appear, whatever happens."""

import errno
import hashlib
import io
import signal
import socket
from contextlib import ExitStack

import pytest
from support.mirrors import SERVED, dead_url, mirror

from tinygan.data import download as download_module
from tinygan.data.download import download

FILE = next(iter(SERVED))
SIZE, SUM = len(SERVED[FILE]), hashlib.sha256(SERVED[FILE]).hexdigest()


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    monkeypatch.setattr(download_module, "PIECE", 64)


@pytest.fixture
def serve(monkeypatch):
    """Return a function that starts a mirror, which stops after the test."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ExitStack() as stack:
        yield lambda files, behaviour="good": stack.enter_context(mirror(files, behaviour))


def all_files(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def one(urls, tmp_path, **options):
    download([url + FILE for url in urls], tmp_path / "new" / FILE, size=SIZE, sha256=SUM, **options)


def test_a_good_mirror_gives_the_file_and_reports_on_the_way(serve, tmp_path):
    reports = []
    one([serve(SERVED).url], tmp_path, progress=lambda *report: reports.append(report))
    assert all_files(tmp_path) == {FILE: SERVED[FILE]}
    names, arrived, sizes = zip(*reports, strict=True)
    assert set(names) == {FILE}
    assert set(sizes) == {SIZE}
    assert list(arrived) == sorted(arrived)
    assert len(arrived) >= 2
    assert arrived[-1] == SIZE


FAULTS = {
    "other": rf"sent another file: its SHA-256 is [0-9a-f]{{12}}\.\.\., where {SUM[:12]}\.\.\. belongs",
    "cut": rf"broke off after \d+ of {SIZE} bytes",
    "cut without length": rf"sent \d+ of {SIZE} bytes",
    "longer": f"sent more than the {SIZE} bytes expected",
    "page": f"sent 26 of {SIZE} bytes",
    "missing": "answered 404 Not Found",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_mirror_is_named_and_leaves_nothing(fault, serve, tmp_path):
    url = serve(SERVED, fault).url
    with pytest.raises(ConnectionError, match=f"^{url}{FILE} {FAULTS[fault]}$"):
        one([url], tmp_path)
    assert all_files(tmp_path) == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_second_mirror_helps_out(fault, serve, tmp_path):
    one([serve(SERVED, fault).url, serve(SERVED).url], tmp_path)
    assert all_files(tmp_path) == {FILE: SERVED[FILE]}


def test_a_dead_first_mirror_is_passed_over(serve, tmp_path):
    one([dead_url(), serve(SERVED).url], tmp_path)
    assert all_files(tmp_path) == {FILE: SERVED[FILE]}


def test_a_good_first_mirror_leaves_the_second_alone(serve, tmp_path):
    first, second = serve(SERVED), serve(SERVED)
    one([first.url, second.url], tmp_path)
    assert (first.asked, second.asked) == ([FILE], [])


def test_a_mirror_that_says_nothing_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(download_module, "SECONDS_OF_SILENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(ConnectionError, match=r"did not answer for 0\.05 seconds"):
            one([url], tmp_path)
    assert all_files(tmp_path) == {}


def test_two_faulty_mirrors_are_both_named(serve, tmp_path):
    dead, other = dead_url(), serve(SERVED, "other").url
    with pytest.raises(ConnectionError, match=f"^{dead}{FILE} cannot be reached; {other}{FILE} sent another file"):
        one([dead, other], tmp_path)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interruption_in_the_middle_leaves_nothing_and_what_was_there(interruption, serve, tmp_path):
    seen = []

    def interrupt(name, n_bytes, size):
        seen.append([path.name for path in (tmp_path / "new").iterdir()])
        raise interruption

    with pytest.raises(interruption):
        one([serve(SERVED).url], tmp_path, progress=interrupt)
    assert FILE not in seen[0]  # until the end there is nothing under that name
    assert all_files(tmp_path) == {}


def test_ctrl_c_ends_it_in_the_middle(serve, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        one([serve(SERVED).url], tmp_path, progress=lambda *_: signal.raise_signal(signal.SIGINT))
    assert all_files(tmp_path) == {}


def test_a_full_disk_is_said_and_no_fault_of_the_mirror(serve, tmp_path, monkeypatch):
    first, second = serve(SERVED), serve(SERVED)

    class FullDisk(io.FileIO):
        def write(self, piece):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download_module, "open", FullDisk, raising=False)
    with pytest.raises(OSError, match="No space left on device"):
        one([first.url, second.url], tmp_path)
    assert second.asked == []
    assert all_files(tmp_path) == {}
