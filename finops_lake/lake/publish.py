"""The writer's file becomes the file for people and the next generation for our readers.

Order matters, because a publisher can be killed between any two steps: first the generation appears, then
the published file is replaced, then older generations go. A reader that sees the published file before its
replacement still finds its twin among the generations.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import time
from pathlib import Path

import duckdb

from finops_lake.lake.files import LakeFiles, drop_older, part_of, stamp

_log = logging.getLogger(__name__)


def publish_files(files: LakeFiles, number: int) -> None:
    """Copy the closed warehouse to generation `number` and to the published file, each atomically.

    Raises OSError when a copy cannot be written; the files of before are then still in place.
    """
    files.generations.mkdir(exist_ok=True)
    generation, published = files.generation(number), files.published
    instant = time.time_ns()
    try:
        for target in (generation, published):
            _copy(files.warehouse, part_of(target), instant)
        _put(part_of(generation), generation)
        _replace_published(files)
    finally:
        for target in (generation, published):
            with contextlib.suppress(OSError):
                part_of(target).unlink()
    drop_older(files, number)


def finish_publication(files: LakeFiles) -> None:
    """Publish the newest generation if its publisher was killed before it replaced the published file.

    A published file that is not the twin of any generation was put there by somebody else, and stays.
    """
    numbers = files.numbers()
    present = stamp(files.published)
    twins = [number for number in numbers if stamp(files.generation(number)) == present]
    left_behind = present is None or (twins and twins[-1] != numbers[-1])
    if not numbers or not left_behind:
        return
    newest = files.generation(numbers[-1])
    _copy(newest, part_of(files.published), newest.stat().st_mtime_ns)
    _replace_published(files)


def drop_foreign_wal(files: LakeFiles) -> None:
    """Delete the log of a shell that wrote into an earlier published file and died.

    With it beside the file of today, no shell could open that. A log that fits the file is somebody's work and
    stays, and so does the log of a running shell.
    """
    if not files.published_wal.exists() or not files.published.exists():
        return
    try:
        duckdb.connect(str(files.published), read_only=True).close()
    except duckdb.Error as error:
        if "WAL" in str(error):
            files.published_wal.unlink(missing_ok=True)


def _copy(origin: Path, target: Path, instant: int) -> None:
    shutil.copyfile(origin, target)
    os.utime(target, ns=(instant, instant))
    with target.open("r+b") as copied:
        os.fsync(copied.fileno())


def _put(part: Path, target: Path) -> None:
    part.replace(target)
    if os.name == "posix":  # elsewhere a folder cannot be opened, and renames are written through
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _replace_published(files: LakeFiles) -> None:
    """Replace the published file, and delete the log beside it, which belonged to the old one."""
    try:
        files.published_wal.unlink(missing_ok=True)
        _put(part_of(files.published), files.published)
        files.published_wal.unlink(missing_ok=True)
    except PermissionError:
        if os.name == "posix":
            raise
        # Windows: a shell has it open. Our readers have the generation; the next publication tries again.
        _log.warning("%s is held by another program and stays as it was until the next refresh", files.published)
