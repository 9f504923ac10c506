"""Which Azure the rows of a lake come from: a lake takes rows of one only, and files join any real one."""

from __future__ import annotations

FILES_ORIGIN = "files"
"""Origin of a lake that holds files of bills only; they may join a lake of any real Azure."""

LOCAL_ORIGIN = "loopback"
"""Origin of what a local Azure invents."""


def origin_of_both(known: str, coming: str) -> str | None:
    """Return the origin of a lake that takes such rows, None if it may not: demo data never meets real data."""
    if known == coming:
        return known
    both = {known, coming}
    return (both - {FILES_ORIGIN}).pop() if FILES_ORIGIN in both and LOCAL_ORIGIN not in both else None
