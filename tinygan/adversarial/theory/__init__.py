"""Section 4 of the paper: the value of the game, its optimum, and the density of G(z) in one dimension."""
