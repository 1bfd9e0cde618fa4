"""Grading a class: every answer runs in a sandbox, and what it returns is compared outside of it."""
