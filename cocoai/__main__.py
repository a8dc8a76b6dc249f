"""`python -m cocoai` is `cocoai`."""

import sys

from cocoai.cli import main

if __name__ == "__main__":
    sys.exit(main())
