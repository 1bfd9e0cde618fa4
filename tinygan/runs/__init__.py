"""Train a recipe into a folder, so that it can be watched, left at any iteration, and resumed bit for bit."""
