"""``python -m troth`` is ``troth``."""

from troth.cli import main

main()
