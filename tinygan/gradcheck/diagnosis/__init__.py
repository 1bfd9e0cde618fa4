"""Find out why a gradient is wrong, by hypotheses that are each tested by an experiment."""
