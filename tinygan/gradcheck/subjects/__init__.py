"""What can be checked, seen the same way: layers, pairs of functions and steps of Algorithm 1."""
