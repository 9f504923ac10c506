"""Azurite, the storage emulator of Azure (npm), installed once into the user's cache and started on the loopback."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import platformdirs
from azure.storage.blob import ContainerClient, ContainerSasPermissions, generate_container_sas

VERSION = "3"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account key of every Azurite, published in its documentation: no secret."""

START_SECONDS = 60
INSTALL_SECONDS = 300


class UnavailableError(Exception):
    """Azurite cannot be had here; the text says why."""


def installed() -> Path:
    """Return Azurite's program, installed if it has to be; the folder may be given in AZURITE_FOLDER."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise UnavailableError("npm or node is absent")
    default = platformdirs.user_cache_path("finops-lake-tests", appauthor=False) / f"azurite-{VERSION}"
    folder = Path(os.environ.get("AZURITE_FOLDER") or default)
    program = folder / "node_modules" / ".bin" / "azurite-blob"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--silent", f"azurite@{VERSION}"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise UnavailableError(f"npm took longer than {INSTALL_SECONDS} s to install azurite") from error
        if done.returncode != 0 or not program.exists():
            raise UnavailableError(f"npm cannot install azurite: {done.stderr.strip()[:300]}")
    return program


@dataclass(frozen=True)
class Azurite:
    """A running emulator."""

    url: str

    def container(self, name: str) -> ContainerClient:
        """Return a new container, with the right to write."""
        container = ContainerClient(self.url, name, credential=KEY)
        container.create_container()
        return container

    def sas(self, container: str, permission: str = "rl", hours: float = 1) -> str:
        """Return a signature for a container."""
        return generate_container_sas(
            ACCOUNT,
            container,
            account_key=KEY,
            permission=ContainerSasPermissions.from_string(permission),
            expiry=datetime.now(UTC) + timedelta(hours=hours),
        )


@contextmanager
def running() -> Iterator[Azurite]:
    """Run an emulator that keeps everything in memory, on a free port of the loopback."""
    command = [str(installed()), "--inMemoryPersistence", "--blobHost", "127.0.0.1", "--blobPort", "0"]
    command += ["--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        watchdog = threading.Timer(START_SECONDS, process.kill)
        watchdog.start()
        try:
            address = _address(process)
            watchdog.cancel()
            yield Azurite(f"{address}/{ACCOUNT}")
        finally:
            watchdog.cancel()
            process.terminate()


def _address(process: subprocess.Popen[str]) -> str:
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        found = re.search(r"successfully listen\w* (?:at|on) (http://127\.0\.0\.1:\d+)", line)
        if found:
            return found[1]
    raise UnavailableError(f"azurite did not start: {''.join(lines)[:500]}")
