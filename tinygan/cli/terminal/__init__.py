"""What all commands share: how words are read, and what a terminal shows."""
