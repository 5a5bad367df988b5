"""``python -m stockyard`` is the command line."""

from stockyard.cli import main

main()
