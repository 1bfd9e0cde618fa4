"""The networks, hyper-parameters and data of the paper's experiments, to be held against the paper."""
