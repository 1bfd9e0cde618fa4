"""What a real training needs around the loop of Algorithm 1: minibatches, random streams, checks and resumption."""
