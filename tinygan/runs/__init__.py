"""A recipe trained into a folder: watched, left at any iteration, and gone on with bit for bit."""
