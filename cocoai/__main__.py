"""Run the command `cocoai` as `python -m cocoai`."""

import sys

from cocoai.cli import main

if __name__ == "__main__":
    sys.exit(main())
