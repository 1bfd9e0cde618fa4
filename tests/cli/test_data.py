"""tinygan data, with a made MNIST and mirrors on this machine."""

import pytest
from support.mirrors import dead_url, mirror
from support.pictures import data_set_of, make_mnist, real_folder

from tinygan.cli import main
from tinygan.data.catalog import CATALOG


@pytest.fixture(scope="module")
def packed_files(tmp_path_factory):
    """Return the files of a made MNIST, a dict from their names without .gz to their bytes."""
    folder = make_mnist(tmp_path_factory.mktemp("made")) / "mnist"
    return {file.name: (folder / f"{file.name}.gz").read_bytes() for file in CATALOG["mnist"].files}


@pytest.fixture
def served(packed_files):
    return {f"{name}.gz": content for name, content in packed_files.items()}


@pytest.fixture(autouse=True)
def _at_home(tmp_path, monkeypatch):
    """Give every test a cache and a network of its own."""
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.delenv("TINYGAN_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def catalog(packed_files, monkeypatch):
    def catalog(*mirrors, name="mnist"):
        monkeypatch.setitem(CATALOG, name, data_set_of(packed_files, mirrors, name))

    return catalog


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_it_downloads_and_then_verifies(name, served, catalog, tmp_path, capsys):
    with mirror(served) as server:
        catalog(server.url, name=name)
        assert main(["data", name]) == 0
    folder = tmp_path / "cache" / "tinygan" / name
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == served
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("downloaded\n") == 4
    assert "images of 28 x 28: 50,000 for training, 10,000 for validation, 10,000 for the test\n" in out
    assert out.endswith(f"{name} is whole, in {folder}\n")
    assert main(["data", name]) == 0  # the server is gone
    assert capsys.readouterr().out.count("verified\n") == 4


def test_data_dir_and_tinygan_data_say_where(served, catalog, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TINYGAN_DATA", str(tmp_path / "named"))
    with mirror(served) as server:
        catalog(server.url)
        for words, place in (([], "named"), (["--data-dir", str(tmp_path / "given")], "given")):
            assert main(["data", "mnist", *words]) == 0
            assert sorted(path.name for path in (tmp_path / place / "mnist").iterdir()) == sorted(served)
            assert f"in {tmp_path / place / 'mnist'}\n" in capsys.readouterr().out
    assert not (tmp_path / "cache").exists()


def test_quiet_is_quiet(served, catalog, capsys):
    with mirror(served) as server:
        catalog(server.url)
        assert main(["data", "mnist", "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_a_file(served, catalog, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with mirror(served, "cut") as cut, mirror(served) as good:
        catalog(cut.url, good.url)
        assert main(["data", "mnist"]) == 0
        err = capsys.readouterr().err
        assert all(f"{name}: 100%" in err for name in served)
        catalog(good.url)
        assert main(["data", "mnist", "-q", "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""


def test_without_network_one_line_says_which_files_to_put_where(served, catalog, tmp_path, capsys):
    catalog(dead_url(), dead_url())
    assert main(["data", "mnist", "--data-dir", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tinygan data: error: mnist cannot be downloaded: http://127.0.0.1:")
    assert err.endswith(f" put these 4 files into {tmp_path / 'mnist'}: {', '.join(served)}\n")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_file_is_refused(served, catalog, tmp_path, capsys):
    catalog(dead_url())
    (tmp_path / "mnist").mkdir()
    for name, content in served.items():
        (tmp_path / "mnist" / name).write_bytes(content[:-1] if "t10k-images" in name else content)
    assert main(["data", "mnist", "--data-dir", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "t10k-images-idx3-ubyte.gz is not the file of mnist: it has " in err
    assert err.count("\n") == 1


def test_ctrl_c_ends_it_with_one_line_and_nothing_half_written(served, catalog, tmp_path, capsys, monkeypatch):
    def interrupted(sink, piece):
        raise KeyboardInterrupt

    monkeypatch.setattr("tinygan.data.download._Sink.write", interrupted)
    with mirror(served) as server:
        catalog(server.url)
        assert main(["data", "mnist", "--data-dir", str(tmp_path)]) == 130
    assert capsys.readouterr() == ("", "tinygan data: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required: NAME"),
        (["mnits"], "argument NAME: there is no 'mnits', did you mean mnist? It takes one of mnist, fashion-mnist"),
    ],
)
def test_wrong_words_are_refused(words, said, capsys):
    with pytest.raises(SystemExit) as end:
        main(["data", *words])
    assert end.value.code == 2
    assert capsys.readouterr().err == f"tinygan data: error: {said}\n"


@pytest.mark.data
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_real_files_are_verified(name, capsys):
    assert main(["data", name, "--data-dir", str(real_folder(name))]) == 0
    out, err = capsys.readouterr()
    assert (out.count("verified\n"), err) == (4, "")
