"""The command line: turns words into calls, and prints results."""
