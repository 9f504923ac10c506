"""The official conformance suite over HTTP, in both protocol eras, with independent code on the other side.

Every generic scenario passes. What needs the suite's own fixture tools, prompts or resources is in the baseline; a
scenario of the baseline that passes fails the run, so the baseline cannot grow stale.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import Refreshed
from tests.server.npm import program
from tests.server.test_http import serving

VERSION = "0.2.0-alpha.12"
BASELINES = Path(__file__).parent / "conformance"

GENERIC = {
    "2025-11-25": {
        "server-initialize",
        "ping",
        "completion-complete",
        "tools-list",
        "resources-list",
        "prompts-list",
        "dns-rebinding-protection",
        "server-session-lifecycle",
        "server-sse-multiple-streams",
    },
    "2026-07-28": {
        "completion-complete",
        "tools-list",
        "resources-list",
        "prompts-list",
        "caching",
        "sep-2164-resource-not-found",
        "dns-rebinding-protection",
        "http-header-validation",
        "input-required-result-unsupported-methods",
        "input-required-result-ignore-extra-params",
    },
}
"""What any server can pass, and ours does."""


@pytest.mark.parametrize("revision", GENERIC)
def test_the_conformance_suite_passes_over_http(
    request: pytest.FixtureRequest, refreshed: Refreshed, tmp_path: Path, revision: str
) -> None:
    suite = program(request.config, "@modelcontextprotocol/conformance", VERSION, "conformance", node=22)
    baseline = ["--expected-failures", str(BASELINES / f"{revision}.yml")]
    with serving(refreshed, refreshed.settings.home) as server:
        done = subprocess.run(
            [*suite, "server", "--url", server.url, "--requirements", revision, *baseline, "-o", str(tmp_path)],
            env={"PATH": "", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=180,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    passed = {line.split()[1].rstrip(":") for line in done.stdout.splitlines() if line.startswith("✓")}
    assert passed >= GENERIC[revision]
