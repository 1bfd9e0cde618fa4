"""Train one run on several processes."""
