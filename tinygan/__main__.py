"""Makes ``python -m tinygan`` the same as ``tinygan``."""

from tinygan.cli import main

raise SystemExit(main())
