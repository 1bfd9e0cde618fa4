"""The exit statuses of every command."""

FAILED = 1
WRONG_WORDS = 2  # as in argparse
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
