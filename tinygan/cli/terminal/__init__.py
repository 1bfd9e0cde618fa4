"""What all commands share: how arguments are read, and what a terminal shows."""
