"""Several processes that do one thing together; the only room that imports mpi4py."""
