"""Files are written whole or not at all, paths may begin with ~, and no folder stays that nothing came into."""

import errno
import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tinygan.files import as_path, in_words, new_folder, whole_file


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


def test_two_threads_write_two_files_of_one_folder(tmp_path):
    """Both are open at the same time, under temporary names that differ."""
    both = threading.Barrier(2, timeout=10)

    def write(name):
        with whole_file(tmp_path / name) as temporary:
            temporary.write_text(name)
            both.wait()

    threads = [threading.Thread(target=write, args=[name]) for name in ("a.txt", "b.txt")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"a.txt": "a.txt", "b.txt": "b.txt"}


def test_a_file_that_cannot_be_opened_is_named_and_not_its_temporary(tmp_path):
    with pytest.raises(FileNotFoundError) as end, whole_file(tmp_path / "no" / "a.txt") as temporary:
        temporary.write_text("new")
    assert end.value.filename == str(tmp_path / "no" / "a.txt")


@pytest.mark.parametrize("path", ["~/a", "~", Path("~/a/b"), "a/~", "./~/a", "/~"])
def test_a_tilde_at_the_start_is_the_home(path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/her")
    assert as_path(path) == Path(str(path).replace("~", "/home/her") if str(path)[0] == "~" else path)


def test_a_home_that_nobody_has_stays_a_name():
    assert as_path("~nobody-at-all/a") == Path("~nobody-at-all/a")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_new_folder_goes_again_if_nothing_came_into_it(tmp_path, error):
    (tmp_path / "there").mkdir()
    with suppress(error), new_folder(tmp_path / "there" / "a" / "b") as folder:
        assert folder.is_dir()
        raise error
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]


def test_a_new_folder_that_has_something_or_was_there_stays(tmp_path):
    with suppress(ValueError), new_folder(tmp_path / "a" / "b"):
        (tmp_path / "a" / "kept").touch()
        raise ValueError
    assert list(tmp_path.rglob("*")) == [tmp_path / "a", tmp_path / "a" / "kept"]
    with suppress(ValueError), new_folder(tmp_path / "a"):
        raise ValueError
    with new_folder(tmp_path / "c"):
        pass
    assert sorted(tmp_path.iterdir()) == [tmp_path / "a", tmp_path / "c"]


def test_an_error_of_the_system_says_where_and_what_without_a_number():
    assert in_words(PermissionError(13, "Permission denied", "runs/mnist")) == "runs/mnist: Permission denied"
    assert in_words(OSError(28, "No space left on device")) == "No space left on device"
    assert in_words(ValueError("what is wrong")) == "what is wrong"
    assert in_words(MemoryError()) == "MemoryError"
