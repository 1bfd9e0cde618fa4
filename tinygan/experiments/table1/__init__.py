"""Table 1 of the paper: the score, the samples that calibrate it, and samples from files."""

from tinygan.experiments.table1.images import HeldOut, held_out
from tinygan.experiments.table1.published import PAPER
from tinygan.experiments.table1.row import N_SAMPLES, Score, score
from tinygan.experiments.table1.table import table1

__all__ = ["N_SAMPLES", "PAPER", "HeldOut", "Score", "held_out", "score", "table1"]
