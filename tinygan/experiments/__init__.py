"""The paper's experiments, each a recipe that a reader can hold against the paper."""
