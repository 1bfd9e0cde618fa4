"""Play and measure what the paper shows (Figures 1 to 3 and Table 1), and what a bug does to a training."""
