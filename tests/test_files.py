"""Files are written whole or not at all."""

import errno
import os

import pytest

from tinygan.files import whole_file


@pytest.fixture(params=[None, "old"], ids=["new file", "file that exists"])
def path(request, tmp_path):
    path = tmp_path / "figure1.tar.png"
    if request.param:
        path.write_text(request.param)
    return path


@pytest.fixture
def unharmed(path):
    """Return a check that the folder is just as it was before the test."""
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    return lambda: {file: file.read_bytes() for file in path.parent.iterdir()} == before


def test_what_was_written_takes_the_place_of_the_file(path, unharmed):
    with whole_file(path) as temporary:
        temporary.write_text("new")
        assert temporary != path
        assert temporary.parent == path.parent  # a rename works only within one file system
        assert temporary.suffix == ".png"
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]
    assert not unharmed()


def test_until_the_end_the_old_file_is_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with whole_file(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"


def test_a_str_is_a_path_too(tmp_path):
    with whole_file(str(tmp_path / "a.txt")) as temporary:
        temporary.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_interrupted_body_harms_nothing(path, unharmed, error):
    def write_half():
        with whole_file(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert unharmed()


def test_a_body_that_writes_nothing_harms_nothing(path, unharmed):
    with pytest.raises(FileNotFoundError), whole_file(path):
        pass
    assert unharmed()


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_full_disk_harms_nothing(path, unharmed, function, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, function, full)
    with pytest.raises(OSError, match="No space left on device"), whole_file(path) as temporary:
        temporary.write_text("new")
    assert unharmed()


def test_the_file_is_flushed_before_it_is_renamed(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append("fsync"), fsync(fd)))
    monkeypatch.setattr(os, "replace", lambda *paths: (calls.append("replace"), replace(*paths)))
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert calls == ["fsync", "replace"]
