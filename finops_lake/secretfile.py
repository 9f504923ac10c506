"""A secret in a file that only its owner can read."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from finops_lake.errors import ConfigError

LARGEST_SECRET = 10_000


def read_private(path: Path, place: str) -> str:
    """Return the text of a regular file of mode 0600; ConfigError names `place` and what is wrong, never the text."""
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode  # of what was opened, not of what the name means by now
            if not stat.S_ISREG(mode):
                raise ConfigError([f"{place} is not a regular file"])
            if sys.platform != "win32" and mode & 0o077:
                raise ConfigError([f"{place} can be read by others (mode {mode & 0o777:o}); run: chmod 600 {path}"])
            return file.read(LARGEST_SECRET)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{place} cannot be read ({getattr(error, 'strerror', None) or 'not a text'})"]) from error
