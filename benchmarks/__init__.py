"""Measurements that anyone can run, all on one BLAS thread."""

import os

# Before any of them imports NumPy: BLAS reads these once.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
