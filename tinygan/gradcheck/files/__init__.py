"""Find what can be checked in a file or a module, and check it."""
