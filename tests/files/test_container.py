"""Exports in Azure Storage: a real emulator, the real SDK, a signature that is shown nowhere."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.azure_api.storage import BlobContainer, parse_address
from finops_lake.commands.refresh import code_of
from finops_lake.errors import (
    AccessDeniedError,
    ForeignLakeError,
    InputError,
    NotFoundError,
    Outcome,
    UnreachableError,
)
from tests.files.conftest import EXPORT_ID, FOCUS, RUNS, USAGE, Home, csv_text, run_of, write

COST = "select sum(billed_cost), count(*) from raw.focus_charges"


@pytest.fixture
def home(tmp_path):
    """A home of its own: what an emulator holds may not join a lake of real files."""
    return Home(tmp_path / "home")


@pytest.fixture
def container(azurite):
    with azurite.container(f"c{uuid.uuid4().hex}") as client:
        yield client


def upload(container, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            container.upload_blob(path.relative_to(folder).as_posix(), path.read_bytes(), overwrite=True)


def address(azurite, container, prefix="", **options) -> str:
    return f"{azurite.url}/{container.container_name}{prefix}?{azurite.sas(container.container_name, **options)}"


def test_an_export_tree_in_a_container_loads_with_a_signature(azurite, container, home, tmp_path):
    run_of(tmp_path / "export", [FOCUS, FOCUS], submitted=datetime(2025, 3, 20, tzinfo=UTC))
    run_of(tmp_path / "export", [FOCUS], run=RUNS[1])
    upload(container, tmp_path / "export")
    report = home.load(address(azurite, container))
    assert (report.failures, report.notes) == ((), ())
    assert home.rows(COST) == [(Decimal("1.5"), 1)]
    assert home.rows("select distinct _scope_id from raw.focus_charges") == [(EXPORT_ID.lower(),)]
    assert home.rows("select value from meta.lake where key = 'origin'") == [("loopback",)]


def test_an_unchanged_blob_is_not_downloaded_again_and_a_changed_one_is(azurite, container, home, tmp_path):
    container.upload_blob("plain/a.csv", csv_text([FOCUS]))
    home.load(address(azurite, container, "/plain"))
    assert home.load(address(azurite, container, "/plain")).generation is None
    container.upload_blob("plain/a.csv", csv_text([FOCUS | {"BilledCost": "9"}]), overwrite=True)
    container.upload_blob("plainly/other.csv", csv_text([FOCUS]))
    home.load(address(azurite, container, "/plain"))
    assert home.rows(COST) == [(Decimal(9), 1)]


def test_one_blob_can_be_named(azurite, container, home):
    container.upload_blob("x/a.csv", csv_text([FOCUS]))
    container.upload_blob("x/b.csv", csv_text([FOCUS]))
    home.load(address(azurite, container, "/x/a.csv"))
    assert home.rows(COST) == [(Decimal("1.5"), 1)]
    assert home.rows("select path from meta.files") == [(f"{azurite.url}/{container.container_name}/x/a.csv",)]


def test_a_signature_is_nowhere_in_home_log_and_report(azurite, container, home, caplog):
    container.upload_blob("a.csv", csv_text([FOCUS]))
    url = address(azurite, container)
    caplog.set_level(logging.DEBUG)
    report = home.load(url)
    refused = address(azurite, container, permission="r")
    missing = home.load(refused)
    said = repr(report) + repr(missing) + caplog.text + repr(parse_address(url))
    said += repr(home.settings.model_copy(update={"exports": (url,)}))
    assert [failure.outcome for failure in missing.failures] == [Outcome.DENIED]
    held = b"".join(path.read_bytes() for path in home.path.rglob("*") if path.is_file())
    for signature in (one.partition("sig=")[2].partition("&")[0] for one in (url, refused)):
        assert signature not in said
        assert signature.encode() not in held
    assert not list(home.path.glob("incoming-*"))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"hours": -1}, AccessDeniedError, "Storage Blob Data Reader"),
        ({"permission": "w"}, AccessDeniedError, "access is denied"),
    ],
)
def test_what_storage_refuses_names_the_role(azurite, container, home, options, error, words):
    blobs = BlobContainer(parse_address(address(azurite, container, **options)), home.settings)
    with pytest.raises(error, match=words):
        blobs.list()
    blobs.close()


def test_a_container_that_is_not_there_is_said_to_be_absent(azurite, home):
    url = f"{azurite.url}/nosuchcontainer?{azurite.sas('nosuchcontainer')}"
    blobs = BlobContainer(parse_address(url), home.settings)
    with pytest.raises(NotFoundError, match="nosuchcontainer failed: there is no such container"):
        blobs.list()
    blobs.close()


def test_a_blob_that_changes_between_listing_and_reading_is_noticed(azurite, container, home, tmp_path):
    container.upload_blob("a.csv", b"old")
    blobs = BlobContainer(parse_address(address(azurite, container)), home.settings)
    (listed,) = blobs.list()
    container.upload_blob("a.csv", b"new", overwrite=True)
    with pytest.raises(UnreachableError, match="changed while it was read"):
        blobs.save("a.csv", tmp_path / "a.csv", listed.etag)
    blobs.close()


def test_a_location_that_fails_does_not_keep_another_from_being_read(azurite, container, home):
    container.upload_blob("a.csv", csv_text([FOCUS]))
    report = home.load(f"{azurite.url}/nosuchcontainer?{azurite.sas('nosuchcontainer')}", address(azurite, container))
    assert len(report.failures) == 1
    assert code_of(report) == 3
    assert home.rows(COST) == [(Decimal("1.5"), 1)]


def test_real_files_do_not_join_what_an_emulator_filled(azurite, container, home, tmp_path):
    container.upload_blob("a.csv", csv_text([FOCUS]))
    home.load(address(azurite, container))
    with pytest.raises(ForeignLakeError, match="filled from loopback"):
        home.load(write(tmp_path / "real.csv", csv_text([USAGE])))
    with pytest.raises(InputError, match="demo data"):
        home.load(address(azurite, container), tmp_path / "real.csv")


@pytest.mark.parametrize(
    ("text", "url", "sas"),
    [
        ("https://a.blob.core.windows.net/c/x/y?sv=1&sig=s", "https://a.blob.core.windows.net/c/x/y", "sv=1&sig=s"),
        ("https://a.dfs.core.windows.net/c", "https://a.blob.core.windows.net/c", ""),
        ("abfss://c@a.dfs.core.windows.net/x", "https://a.blob.core.windows.net/c/x", ""),
        ("http://127.0.0.1:1/acc/c/x%20y", "http://127.0.0.1:1/acc/c/x y", ""),
    ],
)
def test_every_way_to_write_an_address(text, url, sas):
    found = parse_address(text)
    assert (found.url, found.sas) == (url, sas)


@pytest.mark.parametrize(
    "text", ["http://a.blob.core.windows.net/c", "https://a.blob.core.windows.net/", "abfss://a.dfs.core.windows.net/c"]
)
def test_an_address_that_cannot_be_used_is_refused(text):
    with pytest.raises(InputError):
        parse_address(text)


def test_no_token_goes_to_a_host_that_is_not_azure_storage(home):
    blobs = BlobContainer(parse_address("https://storage.example/c"), home.settings)
    with pytest.raises(InputError, match="gets no token"):
        blobs.list()
