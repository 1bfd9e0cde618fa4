"""tinygan on ranks of which one fails: failing.py RANK sleep|nan|drift|EXCEPTION ITERATION WORDS..."""

import builtins
import os
import sys
import time
from pathlib import Path

from tinygan.cli import main
from tinygan.ranks.launcher import started_number
from tinygan.recipes.mnist import MNIST

rank, kind, wanted, *words = sys.argv[1:]
schedule = MNIST.schedule


def failing_schedule(recipe, *optimizers, iteration, epoch):
    if iteration == int(wanted) and started_number() == int(rank):
        if kind == "sleep":
            Path("asleep").write_text(str(os.getpid()))
            time.sleep(600)
        if kind == "nan":
            optimizers[0].parameters[0].data[...] = float("nan")
        elif kind == "drift":
            optimizers[0].parameters[0].data[0, 0] += 1e-6
        else:
            raise getattr(builtins, kind)("of this kind")
    return schedule(recipe, *optimizers, iteration=iteration, epoch=epoch)


MNIST.schedule = failing_schedule
sys.exit(main(words))
