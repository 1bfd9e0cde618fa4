"""The exit statuses of every command."""

FAILED = 1
WRONG_WORDS = 2  # as argparse has it
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
