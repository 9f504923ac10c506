"""Which files lie in a home, which of them a reader should open, and how one becomes another. No DuckDB here.

- `warehouse.duckdb` is the writer's own, guarded by `writer.lock`.
- `finops.duckdb` is published for people: shells, BI tools and scripts may hold it as they like.
- `generations/<number>.duckdb` is the same file again for our own readers, which no shell ever opens.

A generation is known as the twin of the published file by size and modification time, which the publisher
sets to the same instant. A published file without a twin was changed by a shell or copied in from elsewhere.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

_PART = ".part"
_COPYING = ".copying"
_ABANDONED_AFTER = 3600.0
_COPY_ATTEMPTS = 5


@dataclass(frozen=True)
class Stamp:
    """Size and modification time of a file; equal stamps mean equal content here."""

    size: int
    modified_ns: int


def stamp(path: Path) -> Stamp | None:
    """Return the stamp of `path`, None if there is no such file."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Stamp(status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class Choice:
    """The file to answer from; with a stamp: the published file in that state, to be read through a copy."""

    path: Path
    changed: Stamp | None = None


@dataclass(frozen=True)
class LakeFiles:
    """The files of one home."""

    home: Path

    @property
    def warehouse(self) -> Path:
        """The writer's own file."""
        return self.home / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The file for people."""
        return self.home / "finops.duckdb"

    @property
    def published_wal(self) -> Path:
        """Where a shell that writes into the published file keeps its log."""
        return self.home / "finops.duckdb.wal"

    @property
    def writer_lock(self) -> Path:
        """The file whose operating-system lock makes its holder the writer."""
        return self.home / "writer.lock"

    @property
    def generations(self) -> Path:
        """Folder of the private copies."""
        return self.home / "generations"

    def generation(self, number: int) -> Path:
        """Return where generation `number` lies."""
        return self.generations / f"{number}.duckdb"

    def numbers(self) -> list[int]:
        """Return the numbers of the generations that exist, oldest first."""
        try:
            names = [path.name for path in self.generations.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        stems = (name.removesuffix(".duckdb") for name in names if name.endswith(".duckdb"))
        return sorted(int(stem) for stem in stems if stem.isdecimal())

    def current(self) -> Choice | None:
        """Return what to answer from: the newest generation, or the published file if it has no twin.

        None: there is neither. The published file is looked at before and after the generations, so that a
        publication in between is not mistaken for a changed file.
        """
        while True:
            before = stamp(self.published)
            twins = {number: stamp(self.generation(number)) for number in self.numbers()}
            if stamp(self.published) == before:
                break
        if before is None or before in twins.values():
            return Choice(self.generation(max(twins))) if twins else None
        return Choice(self.published, before)

    def copy_for(self, seen: Stamp) -> Path:
        """Return where our own copy of a published file with stamp `seen` lies, made or not."""
        return self.generations / f"copy-{seen.modified_ns}-{seen.size}.duckdb"


def copy_published(files: LakeFiles) -> Path:
    """Return a private copy of the published file, made unless another reader has made it already.

    Works while a shell holds the file: nothing but its bytes is touched. The copy is repeated when the file
    changes meanwhile. In a home that cannot be written it goes to the system's temporary folder.
    """
    for _ in range(_COPY_ATTEMPTS):
        seen = stamp(files.published)
        if seen is None:
            raise FileNotFoundError(files.published)
        target = files.copy_for(seen)
        if target.exists():
            return target
        try:
            target.parent.mkdir(exist_ok=True)
            part = target.with_name(f"{target.name}.{uuid.uuid4().hex}{_COPYING}")
            part.touch()
        except OSError:
            target = Path(tempfile.mkdtemp(prefix="finops-lake-")) / target.name
            part = target.with_name(target.name + _COPYING)
        try:
            shutil.copyfile(files.published, part)
            if stamp(files.published) == seen:
                part.replace(target)
                return target
        except PermissionError:
            if target.exists():  # Windows: another reader made it and has it open
                return target
            raise
        finally:
            part.unlink(missing_ok=True)
    raise FileNotFoundError(files.published)


def is_copy(path: Path) -> bool:
    """Return whether `path` is a private copy that `copy_published` made, not a generation."""
    return path.name.startswith("copy-")


def drop_copy(path: Path) -> None:
    """Delete a private copy that is not needed any more; on Windows another reader's hold keeps it."""
    with contextlib.suppress(OSError):
        path.unlink()
    if path.parent.name.startswith("finops-lake-"):
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def part_of(path: Path) -> Path:
    """Return the name under which the writer prepares `path` before renaming it into place."""
    return path.with_name(path.name + _PART)


def drop_leftovers(files: LakeFiles) -> None:
    """Delete what killed publishers and readers left half-made; call it under the writer's lock."""
    for folder in (files.home, files.generations):
        for path in folder.glob(f"*{_PART}"):
            with contextlib.suppress(OSError):
                path.unlink()
    shutil.rmtree(files.home / f"{files.warehouse.name}.tmp", ignore_errors=True)  # where DuckDB spills to
    for path in files.generations.glob(f"*{_COPYING}"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED_AFTER:
                path.unlink()


def drop_older(files: LakeFiles, number: int) -> None:
    """Delete the generations before `number` and all private copies; on Windows, held ones stay till next time."""
    old = [files.generation(older) for older in files.numbers() if older < number]
    for path in [*old, *files.generations.glob("copy-*.duckdb")]:
        with contextlib.suppress(OSError):
            path.unlink()
