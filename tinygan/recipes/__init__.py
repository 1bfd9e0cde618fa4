"""The networks, hyper-parameters and data of the paper's experiments, to compare with the paper."""
