"""`refresh --from` as the installed program, and the setting `exports` within an ordinary refresh."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from azure.core.exceptions import ClientAuthenticationError

from finops_lake.app import App
from finops_lake.azure_api.clients import AzureClients
from finops_lake.commands.refresh import code_of
from finops_lake.errors import SignInError
from finops_lake.planner.due import Demand
from tests.cli.conftest import run_program
from tests.conftest import TODAY, settings_for
from tests.files.conftest import FOCUS, RUNS, USAGE, Home, csv_text, run_of, write


def refresh(home, *arguments):
    return run_program("refresh", *arguments, environment={"FINOPS_LAKE_HOME": str(home.path)})


def test_the_command_loads_without_a_sign_in_and_says_what_it_found(home, tmp_path):
    root = tmp_path / "export"
    run_of(root, [FOCUS], run=RUNS[0])
    run_of(root, [FOCUS], run=RUNS[1], submitted=None)
    write(root / "readme.md", "x")
    usage = write(tmp_path / "usage.csv", csv_text([USAGE]))
    done = refresh(home, "--from", str(root), "--from", str(usage))
    assert done.returncode == 0, done.stderr
    assert "focus_charges" in done.stdout
    assert f"{root}: 1 file counts." in done.stderr
    assert "Loaded 1 rows of focus_charges 2025-03." in done.stderr
    assert "Loaded 1 rows of cost_exports actual 2025-03." in done.stderr
    assert f"Assumed to be actual cost: {usage}" in done.stderr
    assert "the run is not finished: it has no manifest" in done.stderr
    assert f"Skipped {root}/readme.md: not a CSV or Parquet file." in done.stderr
    again = refresh(home, "--from", str(root))
    assert again.returncode == 0
    assert "1 file counts, 1 of them unchanged" in again.stderr


def test_exit_codes_tell_a_part_from_nothing_and_from_a_mistake(home, tmp_path):
    good = write(tmp_path / "good.csv", csv_text([FOCUS]))
    bad = write(tmp_path / "bad.csv", csv_text([USAGE | {"Date": "yesterday"}]))
    partly = refresh(home, "--from", str(good), "--from", str(bad))
    assert partly.returncode == 3
    assert "row 1 below the header: Date is 'yesterday'" in partly.stderr
    assert refresh(home, "--from", str(bad)).returncode == 1
    assert refresh(home, "--from", str(good), "--tables", "disks").returncode == 2
    absent = refresh(home, "--from", str(tmp_path / "absent"))
    assert absent.returncode == 1
    assert "there is no such file or folder" in absent.stderr


@pytest.fixture
def container(azurite):
    with azurite.container(f"c{uuid.uuid4().hex}") as client:
        client.upload_blob("bill.csv", csv_text([FOCUS | {"ChargePeriodStart": f"{TODAY:%Y-%m}-02"}]))
        yield f"{azurite.url}/{client.container_name}?{azurite.sas(client.container_name)}"


def test_the_setting_reads_exports_at_the_start_of_a_refresh(azure, container, tmp_path):
    """What an emulator holds may join a lake filled from a local Azure; a real file may not."""
    real = write(tmp_path / "real.csv", csv_text([USAGE]))
    settings = settings_for(azure, tmp_path / "home", FINOPS_LAKE_EXPORTS=f"{container},{real}")
    report = App(settings).refresher().refresh(Demand())
    held = Home(tmp_path / "home")
    assert held.rows("select billed_cost from raw.focus_charges") == [(Decimal("1.5"),)]
    assert held.rows("select count(*) > 0 from raw.cost_daily") == [(True,)]
    assert held.rows("select count(*) from raw.cost_exports") == [(0,)]
    assert any("real files do not join a lake of demo data" in note for note in report.notes)
    assert code_of(report) == 3
    assert "sig=" not in repr(settings) + repr(report)


class NoSignIn:
    """A credential that nobody knows."""

    def get_token(self, *scopes, **options):
        raise ClientAuthenticationError("nobody is signed in")


def test_files_come_in_even_where_nobody_can_sign_in(home, tmp_path):
    bills = write(tmp_path / "bills" / "a.csv", csv_text([FOCUS]))
    settings = home.settings.model_copy(update={"exports": (str(bills.parent),)})

    class SignedOut(App):
        def _azure(self):
            return AzureClients(self.settings, credential=NoSignIn())

    with pytest.raises(SignInError):
        SignedOut(settings).refresher().refresh(Demand())
    assert home.rows("select billed_cost from raw.focus_charges") == [(Decimal("1.5"),)]


def test_a_lake_of_files_becomes_that_of_the_first_real_azure_but_never_of_a_demo():
    from finops_lake.lake.origin import origin_of_both

    assert origin_of_both("files", "public") == "public"
    assert origin_of_both("public", "files") == "public"
    assert origin_of_both("files", "files") == "files"
    assert origin_of_both("files", "loopback") is None
    assert origin_of_both("loopback", "files") is None
    assert origin_of_both("public", "usgov") is None
