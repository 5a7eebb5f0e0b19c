"""``python -m privsynth``."""

from privsynth.cli import main

main()
