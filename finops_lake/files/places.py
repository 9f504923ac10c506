"""Places that hold files: a file or folder of this machine, or a container of Azure Storage."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from finops_lake.errors import BadFileError, InputError

if TYPE_CHECKING:
    from finops_lake.azure_api.storage import BlobContainer
    from finops_lake.config import Settings

IGNORED = (".", "_")
"""First letters of names that Spark, Hadoop and desktops give to files that are no data."""


@dataclass(frozen=True, order=True)
class Entry:
    """A file as listed: its name below the place (with /), its bytes, and what changes when it does."""

    name: str
    size: int
    version: str
    modified: float = 0.0


class Place(Protocol):
    """Where files are listed and read. `url` names it to people and as a scope, without any secret."""

    url: str
    is_file: bool

    def entries(self) -> list[Entry]:
        """Return the files, hidden ones left out."""

    def full_name(self, entry: Entry) -> str:
        """Return the whole path of an entry, above the place too, for recognising layouts."""

    def label(self, entry: Entry) -> str:
        """Return what the user calls an entry."""

    def read(self, entry: Entry, limit: int) -> bytes:
        """Return the first bytes of a small file."""

    def local(self, entry: Entry, folder: Path) -> Path:
        """Return a path of this machine with the file's content; a copy of it goes into `folder`."""

    def close(self) -> None:
        """Let go of connections."""


class LocalPlace:
    """A file, or a folder with everything beneath it; links to other folders are not followed."""

    def __init__(self, path: Path) -> None:
        self._root = path.expanduser().absolute()
        self.url = self._root.as_posix()
        self.is_file = self._root.is_file()

    def entries(self) -> list[Entry]:
        """Return the files, sorted by name; raises InputError if there is nothing at the place."""
        if self.is_file:
            return [self._entry(self._root, self._root.name)]
        if not self._root.is_dir():
            raise InputError("location", str(self._root), "there is no such file or folder")
        return sorted(self._walk())

    def full_name(self, entry: Entry) -> str:
        """Return the absolute path."""
        return self._path(entry).as_posix()

    def label(self, entry: Entry) -> str:
        """Return the absolute path."""
        return str(self._path(entry))

    def read(self, entry: Entry, limit: int) -> bytes:
        """Return the first bytes."""
        with _readable(self.label(entry)), self._path(entry).open("rb") as file:
            return file.read(limit)

    def local(self, entry: Entry, folder: Path) -> Path:
        """Return the file itself."""
        with _readable(self.label(entry)), self._path(entry).open("rb"):
            return self._path(entry)

    def close(self) -> None:
        """Nothing is held."""

    def _path(self, entry: Entry) -> Path:
        return self._root if self.is_file else self._root / entry.name

    def _walk(self) -> Iterator[Entry]:
        for folder, folders, names in os.walk(self._root):
            folders[:] = [name for name in folders if not name.startswith(IGNORED)]
            for name in names:
                path = Path(folder) / name
                if not name.startswith(IGNORED) and path.is_file():
                    yield self._entry(path, path.relative_to(self._root).as_posix())

    def _entry(self, path: Path, name: str) -> Entry:
        found = path.stat()
        return Entry(name, found.st_size, str(found.st_mtime_ns), found.st_mtime)


class ContainerPlace:
    """A container of Azure Storage, or a folder in it."""

    is_file = False

    def __init__(self, container: BlobContainer) -> None:
        self._container = container
        self.url = container.address.url
        prefix = container.address.prefix
        self._above = prefix.rstrip("/") + "/" if prefix else ""

    def entries(self) -> list[Entry]:
        """Return the blobs at or below the address."""
        found = []
        for blob in self._container.list():
            name = blob.name.removeprefix(self._above)
            if blob.name == self._above.rstrip("/"):
                name, self.is_file, self._above = blob.name.rpartition("/")[2], True, blob.name.rpartition("/")[0]
                self._above += "/" if self._above else ""
            elif not blob.name.startswith(self._above):
                continue  # a neighbour whose name merely begins alike
            if not any(part.startswith(IGNORED) for part in name.split("/")):
                found.append(Entry(name, blob.size, blob.etag, blob.modified))
        if not found:
            raise InputError("location", self.url, "the container has no blob there")
        return sorted(found)

    def full_name(self, entry: Entry) -> str:
        """Return the blob's full name in the container."""
        return self._above + entry.name

    def label(self, entry: Entry) -> str:
        """Return the blob's address without any secret."""
        return self.url if self.is_file else f"{self.url.rstrip('/')}/{entry.name}"

    def read(self, entry: Entry, limit: int) -> bytes:
        """Return the first bytes of the blob."""
        return self._container.read(self.full_name(entry), limit)

    def local(self, entry: Entry, folder: Path) -> Path:
        """Download the blob."""
        digest = hashlib.sha256(entry.name.encode()).hexdigest()[:16]
        path = folder / f"{digest}{Path(entry.name).suffix}"
        self._container.save(self.full_name(entry), path, entry.version)
        return path

    def close(self) -> None:
        """Close the connections."""
        self._container.close()


def is_emulated(location: str) -> bool:
    """Return whether a location is a storage emulator of this machine."""
    return "://" in location and urlsplit(location).hostname in ("localhost", "127.0.0.1", "::1")


def open_place(location: str, settings: Settings) -> Place:
    """Return the place that a path or an address names; InputError where it cannot be one."""
    if "://" not in location:
        return LocalPlace(Path(location))
    if location.startswith("file://"):
        from urllib.request import url2pathname

        return LocalPlace(Path(url2pathname(location.removeprefix("file://"))))
    from finops_lake.azure_api.storage import BlobContainer, parse_address

    return ContainerPlace(BlobContainer(parse_address(location), settings))


@contextmanager
def _readable(label: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadFileError(f"{label} cannot be read: {error.strerror or error}.") from error
