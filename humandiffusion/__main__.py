"""`python -m humandiffusion ...`: the command line, also inside a pack folder that pip knows nothing of."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
