from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["clients", "clouds", "calls", "pages", "waits", "replies", "links", "pace"])
def test_importing_the_public_modules_imports_nothing_of_azure(module):
    program = (
        f"import sys; import finops_lake.azure_api.{module}; "
        "print([name for name in sys.modules if name.split('.')[0] in ('azure', 'msal', 'requests')])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[]"


def test_making_clients_imports_nothing_of_azure(tmp_path):
    program = (
        "import sys, pathlib; from finops_lake.azure_api.clients import AzureClients; "
        "from finops_lake.config import Settings; "
        f"AzureClients(Settings(home=pathlib.Path({str(tmp_path)!r}))).close(); "
        "print([name for name in sys.modules if name.split('.')[0] in ('azure', 'msal', 'requests')])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[]"
