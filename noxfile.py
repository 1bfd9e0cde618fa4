#!/usr/bin/env -S uv run --script

# /// script
# dependencies = ["nox>=2025.10.14"]
# ///

"""Every check as a session: `nox` runs what must pass, `nox -s lint` one of them."""

import json
from pathlib import Path

import nox

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "uv|virtualenv"

ONE_THREAD = {"MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
PROJECT = nox.project.load_toml("pyproject.toml")
DEV = nox.project.dependency_groups(PROJECT, "dev")


def tools(*names: str) -> list[str]:
    """Return the requirements of the dev group for these packages, lower bounds included."""
    return [requirement for requirement in DEV if requirement.split(">=")[0] in names]


@nox.session(default=False)
def tests(session: nox.Session) -> None:
    """Run the tests that take no longer than a few seconds; what follows -- goes to pytest."""
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs, env=ONE_THREAD)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run all tests, the slow ones too, and fail below 95 % branch coverage."""
    session.install("-e", ".[test]")
    session.run("pytest", "-m", "", "--cov", "--cov-fail-under=95", *session.posargs, env=ONE_THREAD)


@nox.session
def ranks(session: nox.Session) -> None:
    """Train and evaluate in several processes over MPI."""
    session.install("-e", ".[test]", *nox.project.dependency_groups(PROJECT, "ranks"))
    session.run("pytest", "-m", "", "tests/ranks", env=ONE_THREAD)


@nox.session
def gpu_without_one(session: nox.Session) -> None:
    """Compare what tinygan asks of CuPy with the real one, and compile its kernels with NVIDIA's compiler."""
    session.install("-e", ".[test]", *nox.project.dependency_groups(PROJECT, "cupy"))
    session.run("pytest", "tests/backend/test_cupy_names.py", "tests/backend/test_nvrtc.py", env=ONE_THREAD)


@nox.session(default=False)
def mutation(session: nox.Session) -> None:
    """Break the code in every way that mutmut knows, and fail if the tests notice fewer than 95 % (25 minutes).

    It goes on where it was stopped; remove mutants/ to start again. What follows -- goes to mutmut run.
    """
    session.install("-e", ".[test]", *tools("mutmut"))
    env = {**ONE_THREAD, "HYPOTHESIS_PROFILE": "ci"}  # the same examples for every mutant
    session.run("mutmut", "run", *(session.posargs or ["--max-children", "2"]), env=env)
    session.run("mutmut", "results")
    session.run("mutmut", "export-cicd-stats", silent=True)
    counts = json.loads(Path("mutants/mutmut-cicd-stats.json").read_text())
    share = (counts["killed"] + counts["timeout"]) / counts["total"]
    session.log(f"{counts['killed']} killed and {counts['timeout']} timed out of {counts['total']}: {share:.1%}")
    if share < 0.95:
        session.error("the tests notice fewer than 95 % of the mutants")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install(*tools("ruff"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types."""
    session.install("-e", ".", *tools("mypy"))
    session.run("mypy")


@nox.session
def repo_review(session: nox.Session) -> None:
    """Review the repository's own set-up."""
    plugins = ["sp-repo-review", "validate-pyproject[all]", "validate-pyproject-schema-store"]
    session.install(*tools("repo-review[cli]", *plugins))
    session.run("repo-review", ".")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a warning is an error."""
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")


if __name__ == "__main__":
    nox.main()
