"""What a real training needs around the loop of Algorithm 1: minibatches, streams of randomness, checks, resumption."""
