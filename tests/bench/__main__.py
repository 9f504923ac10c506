"""Runs every benchmark and prints its figures: `python -m tests.bench [name ...]`."""

from __future__ import annotations

import importlib
import sys

NAMES = ("page", "cost", "server", "wire")


def main() -> None:
    """Run the named benchmarks, or all."""
    for name in sys.argv[1:] or NAMES:
        importlib.import_module(f"tests.bench.bench_{name}").main()


if __name__ == "__main__":
    main()
