"""Import the file or the module that will be checked, and leave no trace of it."""

import contextlib
import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np

from tinygan.files import as_path
from tinygan.gradcheck.files.definitions import defined, runs_at
from tinygan.gradcheck.files.old_names import old_names
from tinygan.gradcheck.files.stand_ins import stand_ins

PACKAGE = Path(__file__).resolve().parents[1]
# How many of the folders above a file may hold modules that it imports.
N_ABOVE = 3


@contextlib.contextmanager
def loaded(source: str, *, definitions: bool = False) -> Iterator[ModuleType]:
    """Import a file or a module for the time of a with block.

    Nothing is written, not even bytecode, and what the file prints goes to stderr. During the block, the folder of the
    file (or the current folder, for a module) comes first on ``sys.path``, so that modules beside it can be imported,
    even later by a running function; the folders above it come last. Libraries that are not installed are stood in for,
    and names that Python and NumPy have dropped are back. At the end, ``sys.path`` is restored and the modules from
    these folders are forgotten.

    Parameters
    ----------
    source : str
        ``"path/to/my_layers.py"`` or ``"package.module"``. A file in a package, beside an ``__init__.py``, is imported
        as part of it, so that its relative imports work. A notebook, ``"path/to/homework.ipynb"``, is a file too.
    definitions : bool
        Run only imports, functions, classes and constants. Of a notebook, nothing else is ever run.

    Raises
    ------
    ValueError
        If there is no such file or module, or it cannot be imported. The message says where and why.

    Examples
    --------
    >>> with loaded("tinygan.layers.maxout") as module:
    ...     module.Maxout(2)
    Maxout(2)
    """
    source = str(as_path(source)) if source.startswith("~") else source
    is_file = source.endswith((".py", ".ipynb")) or "/" in source or "\\" in source or Path(source).is_file()
    if is_file:
        _check_file(source)
        file = Path(source).resolve()
        folder, name = _root_and_name(file)
    else:
        _check_name(source)
        file, folder, name = None, Path.cwd(), source
    above = [] if file is None else [parent for parent in folder.parents if parent != parent.parent][:N_ABOVE]
    kept_path, kept_modules, kept_flag = list(sys.path), set(sys.modules), sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    sys.path.extend(map(str, above))
    importlib.invalidate_caches()  # the file may be newer than the import system's last look into its folder
    ours = {folder, file.parent if file else folder, *above}
    with stand_ins() as absent, old_names():
        try:
            while True:
                try:
                    with contextlib.redirect_stdout(sys.stderr), np.errstate():
                        module = _module(file, folder, name, definitions)
                    break
                except ModuleNotFoundError as error:
                    library = (error.name or "").partition(".")[0]
                    if file is None or not library or library in (*absent.names, name.partition(".")[0]):
                        raise
                    _forget(ours, kept_modules)
                    absent.names.append(library)
            absent.importing.clear()
        except (Exception, SystemExit) as error:
            _restore(kept_path, kept_flag, ours, kept_modules)
            raise ValueError(_complaint(source, name, folder, error)) from error
        try:
            yield module
        finally:
            _restore(kept_path, kept_flag, ours, kept_modules)


def _module(file: Path | None, folder: Path, name: str, definitions: bool) -> ModuleType:
    if file is None:
        return importlib.import_module(name)
    if definitions or file.suffix == ".ipynb":
        return defined(file, name)
    try:
        module = _imported(file, folder, name)
    except (ImportError, SyntaxError, SystemExit):
        raise
    except Exception as error:
        module = defined(file, name)
        if not any(inspect.isroutine(thing) or inspect.isclass(thing) for thing in vars(module).values()):
            raise
        note = f"{told(error, folder, file.name)}. Only the definitions of {file.name} are run"
    else:
        line = runs_at(file)
        note = f"{file.name}:{line} is a loop that runs when the file is imported. With --definitions, it does not"
        note = note if line is not None else ""
    vars(module)["__notes__"] = [note] if note else []
    return module


def _restore(path: list[str], flag: bool, ours: set[Path], kept_modules: set[str]) -> None:
    sys.dont_write_bytecode = flag
    sys.path[:] = path
    _forget(ours, kept_modules)


def _forget(folders: set[Path], kept_modules: set[str]) -> None:
    """Forget the modules from these folders that were imported since."""
    tops = {name.partition(".")[0] for name in sys.modules.keys() - kept_modules} - kept_modules
    ours = {top for top in tops & sys.modules.keys() if folders & set(_location(sys.modules[top]).parents[:2])}
    for name in [name for name in sys.modules if name.partition(".")[0] in ours]:
        del sys.modules[name]


def told(error: BaseException, folder: Path, fallback: str) -> str:
    """Return the message of an exception, after the file and line of the innermost user code in its traceback.

    Parameters
    ----------
    error : BaseException
        The exception that was caught.
    folder : Path
        The folder of the user's code. Libraries below it do not count, nor does tinygan, unless the folder is part of
        it.
    fallback : str
        Takes the place of file and line if the traceback contains no user code.
    """
    words = f"{type(error).__name__}: {error}".removesuffix(": ")
    if isinstance(error, SyntaxError) and error.filename is not None and error.lineno is not None:
        return f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _is_users(Path(frame.filename), folder):
            return f"{frame.filename}:{frame.lineno}: {words}"
    return f"{fallback}: {words}"


def _is_users(file: Path, folder: Path) -> bool:
    return (
        file.is_relative_to(folder)
        and "site-packages" not in file.relative_to(folder).parts
        and (folder.is_relative_to(PACKAGE) or not file.is_relative_to(PACKAGE))
    )


def _check_file(source: str) -> None:
    path = Path(source)
    if path.is_dir():
        raise ValueError(f"{source} is a folder; give one of its files, such as {path / 'layers.py'}")
    if not path.exists():
        raise ValueError(f"there is no file {source}, seen from {Path.cwd()}")
    if path.suffix not in (".py", ".ipynb"):
        raise ValueError(f"{source} is not a Python file, whose name ends with .py or .ipynb")


def _check_name(source: str) -> None:
    if not all(part.isidentifier() for part in source.split(".")):
        raise ValueError(f"{source!r} is neither a file, such as my_layers.py, nor a module, such as package.module")


def _root_and_name(file: Path) -> tuple[Path, str]:
    """Return the nearest folder above a file that is outside all packages, and the file's full name as a module."""
    folder, names = file.parent, [] if file.name == "__init__.py" else [file.stem]
    while (folder / "__init__.py").exists():
        names.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(names)


def _imported(file: Path, folder: Path, name: str) -> ModuleType:
    """Import a file under its full name, or under another name if something else has that name already."""
    top = name.partition(".")[0]
    first = file if folder == file.parent else folder / top / "__init__.py"
    if "." not in file.stem and _origin(top) == first:
        return importlib.import_module(name)
    sys.path[0] = str(file.parent)
    spec = spec_from_file_location(f"checked_{file.stem}".replace(".", "_"), file)
    assert spec is not None  # as the name ends with .py
    assert spec.loader is not None
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _origin(top: str) -> Path | None:
    """Return the file that would be imported under a name without dots."""
    try:
        spec: ModuleSpec | None = find_spec(top)
    except ValueError:  # the running module, __main__, may have no spec
        return None
    return Path(spec.origin).resolve() if spec is not None and spec.origin is not None else None


def _location(module: ModuleType) -> Path:
    """Return the file of a module, or the folder of a package without a file."""
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return Path(next((place for place in places if place is not None), ""))


def _complaint(source: str, name: str, folder: Path, error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name is not None and f"{name}.".startswith(f"{error.name}."):
        return f"there is no module {error.name}, seen from {folder}; the name of a file ends with .py"
    words = told(error, folder, source)
    if isinstance(error, SyntaxError) and (error.msg.startswith("Missing parentheses") or is_python_2(error)):
        return f"{source} is Python 2: {words}. The program 2to3 makes Python 3 of it"
    if isinstance(error, SyntaxError):
        return f"{source} cannot be imported: {words}"
    return f"{source} cannot be imported: {words}. With --definitions, only imports, functions and classes are run"


def is_python_2(error: SyntaxError) -> bool:
    """Return whether the line of an error is right in Python 2."""
    line = (error.text or "").strip()
    return re.match(r"print\s+[^(\s=]|except\s+[\w.]+\s*,\s*\w+\s*:|exec\s+\w|raise\s+\w+\s*,|.*<>", line) is not None
