"""Find the data sets on this machine, and download those that are missing."""

import hashlib
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tinygan.data.catalog import CATALOG, DataSet, File
from tinygan.data.download import ShowProgress, download, user_cache
from tinygan.data.kinds import existing_file
from tinygan.files import as_path


class Fetched(NamedTuple):
    """The files that `fetch` found and downloaded.

    Attributes
    ----------
    folder : Path
        The folder of the files.
    verified, downloaded : tuple of Path
        The files that were already there, and the files that were downloaded.
    """

    folder: Path
    verified: tuple[Path, ...]
    downloaded: tuple[Path, ...]


def search_folders(data_dir: str | Path | None = None) -> Iterator[Path]:
    """Yield the data folders to look in, in order.

    Parameters
    ----------
    data_dir : str or Path, optional
        The only folder to look in. By default, the folder named by the environment variable ``TINYGAN_DATA``, if it is
        set, and then the user's cache. A data folder contains one folder for each data set, such as ``mnist``.

    Raises
    ------
    NotADirectoryError
        If a data folder is a file.

    Examples
    --------
    >>> list(map(str, search_folders("data")))
    ['data']
    """
    if data_dir is not None:
        yield _folder(data_dir)
        return
    if named := os.environ.get("TINYGAN_DATA"):
        yield _folder(named)
    yield _folder(user_cache())


def find_files(name: str, data_dir: str | Path | None = None) -> dict[str, Path]:
    """Return the paths of the files of a data set, by their names without ``.gz``; their contents are not verified.

    Parameters
    ----------
    name : {"mnist", "fashion-mnist"}
        Name of the data set.
    data_dir : str or Path, optional
        See `search_folders`. The first folder that contains all of the files is taken.

    Raises
    ------
    FileNotFoundError
        If no folder contains all of the files. The message says which are missing and where.

    Examples
    --------
    >>> find_files("mnist", "nowhere")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FileNotFoundError: mnist is not whole in nowhere/mnist. `tinygan data mnist --data-dir nowhere` downloads it...
    """
    data_set, folder, present = _look(name, data_dir)
    missing = [file for file in data_set.files if file.name not in present]
    if missing:
        parents = list(search_folders(data_dir))
        looked = " or ".join(str(parent / name) for parent in parents)
        stray = _beside(data_set, data_dir)
        raise FileNotFoundError(
            f"{name} is not whole in {looked}. `{_command(name, data_dir)}` downloads it. Or {_put(missing, folder)}"
            + (f". {stray} lies beside that folder; is it one of them?" if stray else "")
        )
    return present


def fetch(name: str, data_dir: str | Path | None = None, *, progress: ShowProgress | None = None) -> Fetched:
    """Verify the files of a data set, and download those that are missing.

    Parameters
    ----------
    name : {"mnist", "fashion-mnist"}
        Name of the data set.
    data_dir : str or Path, optional
        See `search_folders`. If no folder contains all of the files, they are downloaded to the first one.
    progress : callable, optional
        See `download`.

    Raises
    ------
    ValueError
        If a file has the wrong contents. It is left as it is.
    ConnectionError
        If a missing file cannot be downloaded. The message says which files to put where.

    See Also
    --------
    load_mnist, load_fashion_mnist : Read the files.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder, "mnist")).mkdir()
    ...     _ = Path(folder, "mnist", "train-images-idx3-ubyte.gz").write_bytes(b"half a file")
    ...     fetch("mnist", folder)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: ...train-images-idx3-ubyte.gz is not the file of mnist: it has 11 bytes, where 9,912,422 belong...
    """
    data_set, folder, present = _look(name, data_dir)
    verified = []
    for file in data_set.files:
        if file.name in present:
            if wrong := _mismatch(present[file.name], file):
                again = f"Delete it and run `{_command(name, data_dir)}` again"
                raise ValueError(f"{present[file.name]} is not the file of {name}: {wrong}. {again}")
            verified.append(present[file.name])
    missing = [file for file in data_set.files if file.name not in present]
    if missing and (stray := _beside(data_set, data_dir)):
        raise ValueError(
            f"{stray} lies beside the folder {folder}; if it is one of the files, {_put(missing, folder)}. If not, "
            "move it away, and they are downloaded"
        )
    downloaded = []
    while missing:
        file = missing[0]
        path = folder / f"{file.name}.gz"
        urls = [mirror + path.name for mirror in data_set.mirrors]
        try:
            download(urls, path, size=file.size, sha256=file.sha256, progress=progress)
        except ConnectionError as error:
            raise ConnectionError(f"{name} cannot be downloaded: {error}. Instead, {_put(missing, folder)}") from None
        downloaded.append(path)
        del missing[0]
    return Fetched(folder, tuple(verified), tuple(downloaded))


def first_folder_with(subfolder: str, names: tuple[str, ...], data_dir: str | Path | None = None) -> Path:
    """Return the first folder called `subfolder` that contains one of the files, or else the first of such folders.

    Examples
    --------
    >>> print(first_folder_with("cifar-10-batches-bin", ("data_batch_1.bin",), "nowhere").name)
    cifar-10-batches-bin
    """
    folders = [folder for parent in search_folders(data_dir) for folder in _places(parent, subfolder)]
    return next((folder for folder in folders if any((folder / name).exists() for name in names)), folders[0])


def _places(parent: Path, *names: str) -> Iterator[Path]:
    """Yield the folders in which a data set may lie, given a data folder and the names of the data set's own folder.

    They are the folders with these names, the folders inside them (an archive may have been unpacked there), and the
    data folder itself, if it has one of the names.
    """
    own = [_folder(parent / names[0]), *(parent / name for name in names[1:])]
    for folder in (*own, parent) if parent.name in names else own:
        yield folder
        if folder.is_dir():
            yield from (inner for inner in sorted(folder.iterdir()) if inner.is_dir())


def _look(name: str, data_dir: str | Path | None) -> tuple[DataSet, Path, dict[str, Path]]:
    """Return the data set, its folder, and the files that were found there."""
    if name not in CATALOG:
        raise ValueError(f"{name!r} is not a data set that can be downloaded; it takes one of {', '.join(CATALOG)}")
    data_set = CATALOG[name]
    found = []
    for parent in search_folders(data_dir):
        for folder in _places(parent, data_set.name, data_set.torchvision):
            present = {file.name: path for file in data_set.files if (path := _present(folder, file))}
            if len(present) == len(data_set.files):
                return data_set, folder, present
            found.append((folder, present))
    return data_set, *found[0]


def _beside(data_set: DataSet, data_dir: str | Path | None) -> Path | None:
    """Return a file that bears a name of the data set's and lies beside its folder, if there is one."""
    stray = (_present(parent, file) for parent in search_folders(data_dir) for file in data_set.files)
    return next(filter(None, stray), None)


def _folder(path: str | Path) -> Path:
    path = as_path(path)
    if (path.exists() or path.is_symlink()) and not path.is_dir():
        raise NotADirectoryError(f"{path} is a file, where a data folder belongs")
    return path


def _present(folder: Path, file: File) -> Path | None:
    """Return the path of a file, packed or not, with a dash or a dot before idx in its name, or None."""
    names = [f"{name}{suffix}" for name in (file.name, file.name.replace("-idx", ".idx")) for suffix in (".gz", "")]
    paths = [path for name in names if (path := folder / name).exists()]
    return next((path for path in paths if path.is_file()), next(iter(paths), None))


def _mismatch(path: Path, file: File) -> str | None:
    """Return how the file at the path differs from the file of the data set, or None."""
    with open(existing_file(path), "rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    packed, n_bytes = path.suffix == ".gz", path.stat().st_size
    wanted = file.sha256 if packed else file.sha256_unpacked
    if found == wanted:
        return None
    if packed and n_bytes != file.size:
        return f"it has {n_bytes:,} bytes, where {file.size:,} belong"
    return f"its SHA-256 is {found[:12]}..., where {wanted[:12]}... belongs"


def _command(name: str, data_dir: str | Path | None) -> str:
    return f"tinygan data {name}" + (f" --data-dir {shlex.quote(str(data_dir))}" if data_dir is not None else "")


def _put(missing: list[File], folder: Path) -> str:
    names = ", ".join(f"{file.name}.gz" for file in missing)
    what = "this file" if len(missing) == 1 else f"these {len(missing)} files"
    return f"put {what} into {folder}: {names}"
