"""Several processes that do one thing together; the one room that imports mpi4py."""
