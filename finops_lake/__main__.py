"""Run the command line with `python -m finops_lake`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the `finops-lake` command and exit with its code."""
    from finops_lake.cli import main as run

    sys.exit(run())


if __name__ == "__main__":
    main()
