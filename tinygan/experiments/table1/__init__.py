"""Table 1 of the paper: the score, what calibrates it, and samples from files."""
