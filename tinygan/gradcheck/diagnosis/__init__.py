"""Why a gradient is wrong: hypotheses, each with an experiment that tells it from the others."""
