"""How long a client waits for the list of tools: `finops-lake serve` against a bare server with one trivial tool.

Run with `python -m tests.bench.bench_server [runs]`. One run is the whole way: start the process, initialize, list
the tools, each request sent when the reply before it has come. The two servers take turns, so that a busy machine is
unfair to neither; the medians are compared. The aim is a ratio of at most 1.2.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from typing import IO

AIM = 1.2
RUNS = 9
BARE = """
from mcp.server.mcpserver import MCPServer
server = MCPServer("bare")
@server.tool()
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b
server.run("stdio")
"""
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "bench", "version": "1"},
}


def script() -> str:
    """Return the installed finops-lake of this Python."""
    found = shutil.which("finops-lake", path=sysconfig.get_path("scripts"))
    if found is None:
        raise SystemExit("finops-lake is not installed in this environment")
    return found


def seconds_to_list(command: Sequence[str], environment: dict[str, str]) -> float:
    """Return the seconds from starting a server to its reply of tools/list."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        _ask(process.stdin, process.stdout, 1, "initialize", HELLO)
        _send(process.stdin, {"jsonrpc": "2.0", "method": "notifications/initialized"})
        reply = _ask(process.stdin, process.stdout, 2, "tools/list", {})
        elapsed = time.perf_counter() - started
        assert reply["result"]["tools"]
        process.stdin.close()
        process.wait(30)
    return elapsed


def measure(runs: int = RUNS) -> tuple[list[float], list[float]]:
    """Return the seconds of the bare server and of ours, after one uncounted run of each."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "FINOPS_LAKE_HOME": home}
        commands = ([sys.executable, "-c", BARE], [script(), "serve"])
        times: tuple[list[float], list[float]] = ([], [])
        for run in range(runs + 1):
            for command, seconds in zip(commands, times, strict=True):
                elapsed = seconds_to_list(command, environment)
                if run:
                    seconds.append(elapsed)
    return times


def main() -> None:
    """Print both medians and their ratio."""
    bare, ours = measure(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
    ratio = statistics.median(ours) / statistics.median(bare)
    for name, seconds in (("bare server", bare), ("finops-lake serve", ours)):
        print(f"{name}: median {statistics.median(seconds):.3f} s, least {min(seconds):.3f} s, {len(seconds)} runs")
    print(f"start to tools/list: ratio {ratio:.2f} (aim: at most {AIM})")


def _ask(stdin: IO[bytes], stdout: IO[bytes], number: int, method: str, parameters: object) -> dict:
    _send(stdin, {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters})
    while True:
        message = json.loads(stdout.readline())
        if message.get("id") == number:
            return message


def _send(stdin: IO[bytes], message: object) -> None:
    stdin.write(json.dumps(message).encode() + b"\n")
    stdin.flush()


if __name__ == "__main__":
    main()
