"""Homes that files of bills are loaded into, and files as Azure's exports write them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from finops_lake.app import App
from finops_lake.config import load_settings
from finops_lake.refresh.report import RefreshReport
from tests.files.azurite import Azurite, UnavailableError, installed, running
from tests.replay import REPLIES

EXPORTS = REPLIES / "exports"
EXPORT_ID = "/subscriptions/11111111-1111-1111-1111-111111111111/providers/Microsoft.CostManagement/exports/Daily"
RUNS = ("00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b")

FOCUS = {
    "BilledCost": "1.5",
    "EffectiveCost": "1.25",
    "BillingCurrency": "EUR",
    "BillingPeriodStart": "2025-03-01T00:00:00Z",
    "BillingPeriodEnd": "2025-04-01T00:00:00Z",
    "ChargePeriodStart": "2025-03-05T00:00:00Z",
    "ChargePeriodEnd": "2025-03-06T00:00:00Z",
    "ChargeCategory": "Usage",
    "ProviderName": "Microsoft",
    "ServiceName": "Virtual Machines",
    "SubAccountId": "/subscriptions/11111111-1111-1111-1111-111111111111",
    "ResourceId": "",
    "Tags": '{"a": "b, c"}',
}
USAGE = {
    "SubscriptionId": "11111111-1111-1111-1111-111111111111",
    "Date": "03/05/2025",
    "MeterCategory": "Virtual Machines",
    "CostInBillingCurrency": "1.5",
    "BillingCurrencyCode": "EUR",
    "ChargeType": "Usage",
    "PricingModel": "OnDemand",
    "Tags": '"a": "b"',
}


class Home:
    """A home and what its lake holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = load_settings({"FINOPS_LAKE_HOME": str(path), "FINOPS_LAKE_NOW": "2025-03-21T12:00:00Z"})

    def load(self, *locations: object, **options: Any) -> RefreshReport:
        app = App(self.settings)
        try:
            return app.file_refresher().refresh([str(location) for location in locations], **options)
        finally:
            app.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path / "finops.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose tables and views are made, which takes longer than a small file."""
    home = Home(tmp_path_factory.mktemp("files") / "home")
    nothing = write(home.path.parent / "nothing.csv", csv_text([USAGE]).splitlines()[0])
    home.load(nothing)
    return home.path


@pytest.fixture
def home(empty_home: Path, tmp_path: Path) -> Home:
    shutil.copytree(empty_home, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """A storage emulator; skipped with the reason where it cannot be had."""
    try:
        installed()
    except UnavailableError as error:
        pytest.skip(f"no Azurite: {error}")
    with running() as emulator:
        yield emulator


def csv_text(rows: Sequence[Mapping[str, str]], columns: Sequence[str] | None = None, end: str = "\r\n") -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, columns or list(rows[0]), lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def run_of(
    root: Path,
    rows: Sequence[Mapping[str, str]],
    *,
    run: str = RUNS[0],
    submitted: datetime | None = datetime(2025, 3, 21, 12, tzinfo=UTC),
    period: str = "20250301-20250331",
    kind: str = "FocusCost",
    name: str = "part_0_0001.csv",
    export_id: str = EXPORT_ID,
    change: Mapping[str, Any] | None = None,
) -> Path:
    """Write one run of an export, its manifest last; `submitted` None leaves the manifest out."""
    folder = root / "billing" / "Daily" / period / run
    blobs = []
    if rows:
        part = write(folder / name, csv_text(rows))
        blobs.append(
            {
                "blobName": f"billing/Daily/{period}/{run}/{name}",
                "byteCount": part.stat().st_size,
                "dataRowCount": len(rows),
            }
        )
    if submitted:
        body = {
            "manifestVersion": "2024-04-01",
            "blobCount": len(blobs),
            "exportConfig": {"exportName": "Daily", "resourceId": export_id, "type": kind},
            "deliveryConfig": {"compressionMode": "gzip" if name.endswith(".gz") else "None"},
            "runInfo": {
                "submittedTime": submitted.isoformat().replace("+00:00", ".5234447Z"),
                "runId": run,
                "startDate": "2025-03-01T00:00:00",
                "endDate": "2025-03-21T00:00:00Z",
            },
            "blobs": blobs or None,
            **(change or {}),
        }
        write(folder / "manifest.json", json.dumps(body))
    return folder
