"""Figure 1 of the paper: a game in one dimension, how it is played, what is drawn of it, and what it missed."""
