"""What is asked of an output file before the training."""

import subprocess
import sys

import pytest

from tinygan.figures import output
from tinygan.figures.output import ANIMATIONS, PICTURES, check_output


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("f.bmp", ValueError, r"f\.bmp ends in \.bmp; it takes \.gif, \.mp4, \.html .*\.png, \.svg or \.pdf"),
        ("figure1", ValueError, "figure1 has no suffix; it takes"),
        ("missing/f.gif", FileNotFoundError, "there is no folder .*missing"),
        ("file.txt/f.gif", NotADirectoryError, r"file\.txt is not a folder"),
        ("folder.gif", IsADirectoryError, r"folder\.gif is a folder"),
        ("locked/f.gif", PermissionError, "no permission to write in the folder .*locked"),
        ("f.mp4", FileNotFoundError, r"needs the program ffmpeg.*install the package ffmpeg, or write f\.gif"),
    ],
)
def test_check_output_refuses(name, error, message, tmp_path, monkeypatch):
    (tmp_path / "file.txt").touch()
    (tmp_path / "folder.gif").mkdir()
    (tmp_path / "locked").mkdir()
    monkeypatch.setattr(output.os, "access", lambda path, mode: path.name != "locked")  # root may write anywhere
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(error, match=message):
        check_output(tmp_path / name)


def test_check_output_accepts_and_creates_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(output.shutil, "which", lambda name: f"/usr/bin/{name}")
    for suffix in ANIMATIONS + PICTURES:
        assert check_output(str(tmp_path / f"f{suffix.upper()}")) == tmp_path / f"f{suffix.upper()}"
    (tmp_path / "f.gif").write_text("old")
    assert check_output(tmp_path / "f.gif")
    assert check_output("f.gif").name == "f.gif"
    assert [path.name for path in tmp_path.iterdir()] == ["f.gif"]
    assert (tmp_path / "f.gif").read_text() == "old"


def test_asking_needs_no_matplotlib():
    code = "import sys, tinygan.figures.frame, tinygan.figures.output; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
