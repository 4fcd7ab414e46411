"""``python -m wireroom``."""

from wireroom.cli import main

main()
