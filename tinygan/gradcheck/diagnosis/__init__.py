"""Is a gradient wrong, and why? Hypotheses, each with an experiment that tells it from the others."""
