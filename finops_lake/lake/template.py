"""Empty lakes kept ready: tables and views are made once per definition, and each new home begins with a copy.

A copy is used for what its name says only: the fingerprint of the definitions (every SQL file and source, see
facts.py), DuckDB's version and the digest of its bytes. So none is ever stale, and a damaged one is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from finops_lake.errors import FinopsLakeError
from finops_lake.lake.files import part_of

_log = logging.getLogger(__name__)

AT_MOST = 4
"""So many are kept, the newest: versions side by side, and those of a checkout that changes."""

_ABANDONED_AFTER = 3600.0  # seconds, after which a folder somebody was making one in is taken for left behind


def begin_from_template(
    folder: Path, definitions: str, target: Path, make: Callable[[Path], Path], *, at_most: int = AT_MOST
) -> bool:
    """Put the empty lake of these definitions, kept in `folder` or made now, at `target`; return whether that worked.

    `make` makes an empty lake in a folder of its own and returns its file; `at_most` so many are kept. Where nothing
    can be kept (no space, no permission) nothing is left at `target`: the lake is made there as if without templates.
    """
    key = hashlib.sha256(f"{definitions} {duckdb.__version__}".encode()).hexdigest()[:32]
    try:
        content = _kept(folder, key) or _made(folder, key, make, at_most)
        part = part_of(target)
        part.write_bytes(content)
        part.replace(target)
    except (OSError, duckdb.Error, FinopsLakeError) as error:
        _log.info("no empty lake is kept in %s: %s", folder, error)
        return False
    return True


def _kept(folder: Path, key: str) -> bytes | None:
    """Return the content of the template with this key; None where there is none, or only a damaged one."""
    for path in folder.glob(f"{key}-*.duckdb"):
        content = path.read_bytes()
        if path.name == _name(key, content):
            return content
        path.unlink()
    return None


def _made(folder: Path, key: str, make: Callable[[Path], Path], at_most: int) -> bytes:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _tidy(folder, at_most)
    with tempfile.TemporaryDirectory(dir=folder) as own:
        path = make(Path(own))
        content = path.read_bytes()
        path.replace(folder / _name(key, content))
    return content


def _name(key: str, content: bytes) -> str:
    return f"{key}-{hashlib.sha256(content).hexdigest()[:32]}.duckdb"


def _tidy(folder: Path, at_most: int) -> None:
    """Delete all but the newest templates, so that there is room for one more, and what killed makers left."""
    with contextlib.suppress(OSError):  # another process does the same
        kept = sorted(folder.glob("*.duckdb"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in kept[at_most - 1 :]:
            path.unlink(missing_ok=True)
        for path in folder.iterdir():
            if path.is_dir() and time.time() - path.stat().st_mtime > _ABANDONED_AFTER:
                shutil.rmtree(path, ignore_errors=True)
