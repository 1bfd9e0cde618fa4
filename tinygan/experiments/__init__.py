"""What the paper shows, played and measured: Figure 1, Figures 2 and 3, Table 1; and what a wrong step does."""
