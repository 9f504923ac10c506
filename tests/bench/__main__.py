"""Runs every benchmark and prints its figures: `python -m tests.bench [name ...]`.

Each has a process of its own, so that none inherits another's memory or warm imports.
"""

from __future__ import annotations

import subprocess
import sys

NAMES = (
    *("page", "cost", "audit", "why", "budgets", "files", "anomalies", "forecast", "server"),
    *("wire", "unchanged", "report", "limits"),
)


def main() -> None:
    """Run the named benchmarks, or all."""
    for name in sys.argv[1:] or NAMES:
        code = f"import tests.bench.bench_{name} as bench; bench.main()"
        subprocess.run([sys.executable, "-c", code], check=True)


if __name__ == "__main__":
    main()
