"""Where data sets are looked for, verified, and downloaded to."""

from contextlib import ExitStack

import pytest
from support.mirrors import PACKED, SERVED, UNPACKED, dead_url, mirror
from support.pictures import FOUR, data_set_of

from tinygan.data.catalog import CATALOG
from tinygan.data.download import user_cache
from tinygan.data.folders import fetch, find_files, search_folders

FIRST, SECOND, THIRD, FOURTH = SERVED
SET = data_set_of(PACKED, ())
SIZE = SET.files[0].size


@pytest.fixture
def serve(monkeypatch):
    """Return a function that starts a mirror, which stops after the test."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ExitStack() as stack:
        yield lambda files, behaviour="good": stack.enter_context(mirror(files, behaviour))


@pytest.fixture
def catalog(monkeypatch):
    """Return a function that puts the made data set, at these mirrors, into the catalog as mnist."""
    return lambda *mirrors: monkeypatch.setitem(CATALOG, "mnist", data_set_of(PACKED, mirrors))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Give every test a cache of its own, and no TINYGAN_DATA."""
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.delenv("TINYGAN_DATA", raising=False)
    return tmp_path / "cache" / "tinygan"


def all_files(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lay(folder, names, files=SERVED):
    """Put some of the files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(files[name])


def test_all_files_are_fetched_into_the_cache_once(serve, catalog, cache):
    server = serve(SERVED)
    catalog(server.url)
    fetched = fetch("mnist")
    assert (fetched.folder, fetched.verified) == (cache / "mnist", ())
    assert [path.name for path in fetched.downloaded] == list(SERVED)
    assert all_files(cache) == SERVED
    again = fetch("mnist")
    assert again.downloaded == ()
    assert again.verified == fetched.downloaded
    assert server.asked == list(SERVED)  # once each
    assert list(find_files("mnist").values()) == list(fetched.downloaded)


def test_only_what_is_missing_is_downloaded(serve, catalog, tmp_path):
    server = serve(SERVED)
    catalog(server.url)
    lay(tmp_path / "d" / "mnist", [SECOND, THIRD])
    fetched = fetch("mnist", tmp_path / "d")
    assert server.asked == [FIRST, FOURTH]
    assert len(fetched.verified) == 2


def test_an_unpacked_file_counts_and_is_verified_by_its_own_sum(catalog, tmp_path):
    catalog()
    lay(tmp_path / "mnist", FOUR, UNPACKED)
    assert [path.name for path in fetch("mnist", tmp_path).verified] == FOUR
    (tmp_path / "mnist" / FOUR[0]).write_bytes(b"else")
    with pytest.raises(ValueError, match=rf"its SHA-256 is \w+\.\.\., where {SET.files[0].sha256_unpacked[:12]}"):
        fetch("mnist", tmp_path)


@pytest.mark.parametrize("content", [bytes(SIZE), SERVED[FIRST][:-1], b""], ids=["other bytes", "cut off", "empty"])
def test_a_wrong_file_is_refused_and_left_as_it_is(content, serve, catalog, tmp_path):
    server = serve(SERVED)
    catalog(server.url)
    lay(tmp_path / "mnist", [FIRST], {FIRST: content})
    what = "SHA-256" if len(content) == SIZE else rf"it has {len(content):,} bytes, where {SIZE:,} belong"
    with pytest.raises(
        ValueError, match=rf"{FIRST} is not the file of mnist: .*{what}.*Delete it and run `tinygan data"
    ):
        fetch("mnist", tmp_path)
    assert all_files(tmp_path) == {FIRST: content}
    assert server.asked == []


def test_without_network_one_error_says_which_four_files_to_put_where(catalog, cache):
    catalog(dead_url(), dead_url())
    with pytest.raises(ConnectionError) as refusal:
        fetch("mnist")
    message = str(refusal.value)
    assert message.startswith("mnist cannot be downloaded: http://127.0.0.1:")
    assert message.count("cannot be reached") == 2
    assert message.endswith(f"Instead, put these 4 files into {cache / 'mnist'}: {', '.join(SERVED)}")
    assert all_files(cache) == {}


def test_of_a_mirror_that_fails_later_the_whole_files_stay(serve, catalog, tmp_path):
    catalog(serve({FIRST: SERVED[FIRST], SECOND: SERVED[SECOND]}).url)
    with pytest.raises(ConnectionError, match=f"put these 2 files into .*mnist: {THIRD}, {FOURTH}$"):
        fetch("mnist", tmp_path)
    assert set(all_files(tmp_path)) == {FIRST, SECOND}
    catalog(serve(SERVED).url)
    assert len(fetch("mnist", tmp_path).downloaded) == 2


def test_one_missing_file_is_asked_for_in_the_singular(catalog, tmp_path):
    catalog(dead_url())
    lay(tmp_path / "mnist", [FIRST, SECOND, THIRD])
    with pytest.raises(ConnectionError, match=r"put this file into .*mnist: t10k-labels-idx1-ubyte\.gz$"):
        fetch("mnist", tmp_path)


def test_data_dir_is_the_only_folder_else_tinygan_data_and_then_the_cache(cache, tmp_path, monkeypatch):
    assert list(search_folders()) == [cache] == [user_cache()]
    monkeypatch.setenv("TINYGAN_DATA", str(tmp_path / "named"))
    assert list(search_folders()) == [tmp_path / "named", cache]
    assert list(search_folders(tmp_path / "given")) == [tmp_path / "given"]
    monkeypatch.setenv("TINYGAN_DATA", "")
    assert list(search_folders()) == [cache]


def test_the_first_folder_that_has_all_files_is_taken(catalog, cache, tmp_path, monkeypatch):
    catalog()
    monkeypatch.setenv("TINYGAN_DATA", str(tmp_path / "named"))
    lay(tmp_path / "named" / "mnist", [FIRST, SECOND, THIRD])
    lay(cache / "mnist", SERVED)
    assert fetch("mnist").folder == cache / "mnist"
    lay(tmp_path / "named" / "mnist", [FOURTH])
    assert fetch("mnist").folder == tmp_path / "named" / "mnist"


def test_missing_files_are_named_with_the_command_that_gets_them(catalog, cache, tmp_path, monkeypatch):
    catalog()
    monkeypatch.setenv("TINYGAN_DATA", str(tmp_path / "named"))
    named = tmp_path / "named" / "mnist"
    with pytest.raises(FileNotFoundError) as refusal:
        find_files("mnist")
    assert str(refusal.value) == (
        f"mnist is not whole in {named} or {cache / 'mnist'}. `tinygan data mnist` downloads it. "
        f"Or put these 4 files into {named}: {', '.join(SERVED)}"
    )
    with pytest.raises(FileNotFoundError, match="`tinygan data mnist --data-dir elsewhere` downloads it"):
        find_files("mnist", "elsewhere")
    with pytest.raises(FileNotFoundError, match="`tinygan data mnist --data-dir 'my data'` downloads it"):
        find_files("mnist", "my data")


@pytest.mark.parametrize("suffix", [".gz", ""])
def test_names_with_a_dot_are_found(catalog, tmp_path, suffix):
    catalog()
    files = SERVED if suffix else UNPACKED
    lay(tmp_path / "mnist", [], files)
    for name, content in files.items():
        (tmp_path / "mnist" / name.replace("-idx", ".idx")).write_bytes(content)
    assert [path.name for path in fetch("mnist", tmp_path).verified] == [
        f"{name.replace('-idx', '.idx')}{suffix}" for name in FOUR
    ]


def test_a_folder_with_the_name_of_a_file_does_not_hide_the_file(catalog, tmp_path):
    catalog()
    lay(tmp_path / "mnist", SERVED)
    for name in FOUR:
        (tmp_path / "mnist" / name).mkdir()
        (tmp_path / "mnist" / f"{name}.gz").rename(tmp_path / "mnist" / f"{name.replace('-idx', '.idx')}.gz")
    assert len(fetch("mnist", tmp_path).verified) == 4


@pytest.mark.parametrize(("lies", "given"), [
    ("mnist", "mnist"), ("mnist/archive", "."), ("MNIST/raw", "."), ("MNIST/raw", "MNIST"), ("MNIST", "."),
])  # fmt: skip
def test_files_one_folder_off_are_found(catalog, tmp_path, lies, given):
    catalog()
    lay(tmp_path / lies, SERVED)
    assert {path.parent for path in find_files("mnist", tmp_path / given).values()} == {tmp_path / lies}
    assert fetch("mnist", tmp_path / given).downloaded == ()


def test_the_files_of_another_data_set_are_not_taken_for_it(catalog, tmp_path):
    catalog()
    lay(tmp_path / "fashion-mnist", SERVED)
    with pytest.raises(FileNotFoundError, match=f"put these 4 files into {tmp_path / 'mnist'}: [^:]*$"):
        find_files("mnist", tmp_path)
    lay(tmp_path, SERVED)  # whose are these?
    with pytest.raises(
        FileNotFoundError, match=rf"\. {tmp_path / FIRST} lies beside that folder; is it one of them\?$"
    ):
        find_files("mnist", tmp_path)
    with pytest.raises(
        ValueError, match=rf"^{tmp_path / FIRST} lies beside the folder {tmp_path / 'mnist'}; if it is one"
    ):
        fetch("mnist", tmp_path)


def test_wrong_names_and_files_in_the_place_of_folders_are_refused(catalog, tmp_path):
    catalog()
    with pytest.raises(ValueError, match=r"'svhn' is not a data set .* one of mnist, fashion-mnist"):
        fetch("svhn", tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "mnist").write_text("")
    for data_dir in (tmp_path / "file", tmp_path):
        with pytest.raises(NotADirectoryError, match="is a file, where a data folder belongs"):
            fetch("mnist", data_dir)
    (tmp_path / "d" / "mnist" / FIRST).mkdir(parents=True)
    with pytest.raises(IsADirectoryError, match=f"{FIRST} is a folder; it takes a file"):
        fetch("mnist", tmp_path / "d")


def test_a_tilde_is_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert list(search_folders("~/data")) == [tmp_path / "data"]


def test_the_real_addresses_and_sums():
    assert CATALOG["mnist"].mirrors == (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    )
    sums = [file.sha256 for data_set in CATALOG.values() for file in data_set.files]
    sums += [file.sha256_unpacked for data_set in CATALOG.values() for file in data_set.files]
    assert len(set(sums)) == 16
    assert {len(bytes.fromhex(digits)) for digits in sums} == {32}
    assert [file.name for file in CATALOG["fashion-mnist"].files] == FOUR
