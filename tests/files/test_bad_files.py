"""Bad input: which file, which row or column; nothing of that period, the rest goes on."""

from __future__ import annotations

import gzip
import hashlib
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finops_lake.answers.status import answer_status
from finops_lake.commands.refresh import code_of
from finops_lake.errors import Outcome
from finops_lake.lake.reader import LakeReader
from tests.files.conftest import EXPORT_ID, FOCUS, RUNS, USAGE, csv_text, run_of, write

COST = "select _month::varchar, sum(billed_cost) from raw.focus_charges group by all order by all"
FEBRUARY = FOCUS | {"ChargePeriodStart": "2025-02-05", "BilledCost": "2"}


def reasons(report):
    return [result.reason for result in report.results if result.outcome is Outcome.FAILED]


def wide(count):
    names = [hashlib.sha256(bytes([number % 256, number // 256])).hexdigest() for number in range(count)]
    return csv_text([FOCUS | {"ServiceName": name} for name in names])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (csv_text([FOCUS]) + "1.5,1.25,EUR\r\n", "line 3 has 3 fields where the header has 13"),
        (csv_text([FOCUS]) + '1.5,1.25,"EUR', "line 3 has a quoted value that does not end"),
        (csv_text([FOCUS]) + csv_text([FOCUS | {"BilledCost": "1,5x"}]), "row 2 below the header: BilledCost is"),
        (
            csv_text([FOCUS, FOCUS | {"ChargePeriodStart": "21/13/2025"}]),
            "row 2 below the header: ChargePeriodStart is '21/13/2025'",
        ),
        (csv_text([FOCUS, FOCUS | {"ChargePeriodStart": ""}]), "a row has no charge_period_start"),
        (
            csv_text([FOCUS | {"ChargePeriodStart": "0025-03-05"}]),
            "charge_period_start lies in 0025-03, which cannot be right",
        ),
        (csv_text([FOCUS | {"BilledCost": "123456789012345.5"}]), "BilledCost is '123456789012345.5'"),
        (csv_text([FOCUS | {"BilledCost": "NaN"}]), "BilledCost is 'NaN'"),
        (csv_text([FOCUS]).encode() + csv_text([FOCUS | {"ServiceName": "Büro"}]).encode("latin-1"), "is not in UTF-8"),
        (
            csv_text([FOCUS, FOCUS | {"ServiceName": "z" * 1_500_000}, *[FOCUS] * 9000]),
            "line 3 is longer than the 1,048,576",
        ),
    ],
    ids=["cut", "quote", "amount", "day", "no day", "year", "too large", "nan", "encoding", "long line"],
)
def test_a_damaged_csv_names_file_and_place_and_loads_nothing(home, tmp_path, content, words):
    path = write(tmp_path / "bad.csv", content)
    report = home.load(path)
    (reason,) = reasons(report)
    assert reason.startswith(str(path))
    assert words in reason
    assert home.rows(COST) == []
    assert home.rows("select outcome, reason from meta.files where path like '%bad.csv'") == [("failed", reason)]
    assert home.rows("select outcome from meta.loads where table_name = 'focus_charges'") == [("failed",)]
    assert code_of(report) == 1


def test_a_cut_gzip_file_is_found_and_the_rest_goes_on(home, tmp_path):
    packed = gzip.compress(wide(5000).encode())
    folder = tmp_path / "bills"
    folder.mkdir()
    (folder / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    write(folder / "good.csv", csv_text([FEBRUARY]))
    report = home.load(folder)
    assert f"{folder}/cut.csv.gz cannot be read: Compressed file ended before" in reasons(report)[0]
    assert home.rows(COST) == [("2025-02-01", Decimal(2))]
    assert code_of(report) == 3


def test_what_the_lake_held_of_a_period_outlives_a_damaged_run(home, tmp_path):
    root = tmp_path / "export"
    run_of(root, [FEBRUARY], period="20250201-20250228", run=RUNS[1])
    folder = run_of(root, [FOCUS])
    home.load(root)
    write(folder / "part_0_0001.csv", csv_text([FOCUS])[:-3])
    report = home.load(root)
    assert "its manifest promises" in reasons(report)[0]
    assert home.rows(COST) == [("2025-02-01", Decimal(2)), ("2025-03-01", Decimal("1.5"))]
    write(folder / "part_0_0001.csv", csv_text([FOCUS]))
    assert home.load(root).failures == ()


def parquet(path, **changes):
    table = pa.Table.from_pylist([FOCUS | {"BilledCost": number / 10} | changes for number in range(1000)])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def test_a_cut_parquet_file_and_one_with_a_damaged_page_are_found(home, tmp_path):
    whole = parquet(tmp_path / "whole.parquet").read_bytes()
    cut = write(tmp_path / "cut.parquet", whole[:-100])
    holed = write(tmp_path / "holed.parquet", whole[:8] + b"\xff" * 200 + whole[208:])
    report = home.load(cut, holed)
    said = " ".join(reasons(report))
    assert f"{cut} is cut short or not a Parquet file" in said
    assert str(holed) in said
    assert home.rows(COST) == []


def test_fewer_rows_than_the_manifest_promises_load_nothing(home, tmp_path):
    blob = {"blobName": f"billing/Daily/20250301-20250331/{RUNS[0]}/part_0_0001.csv.gz", "dataRowCount": 9}
    run_of(tmp_path / "export", [FOCUS], name="part_0_0001.csv.gz", change={"blobs": [blob]})
    report = home.load(tmp_path / "export")
    assert "1 rows were found where the manifest promises 9" in reasons(report)[0]
    assert home.rows(COST) == []


def test_a_foreign_file_says_what_it_has_and_what_it_lacks(home, tmp_path):
    path = write(tmp_path / "other.csv", "Name,BilledCost,BillingCurrency\r\nx,1,EUR\r\n")
    report = home.load(path)
    (note,) = reasons(report)
    assert note == (
        f"{path} has no schema known here. It has the columns Name, BilledCost, BillingCurrency; for FOCUS charges,"
        " which it comes nearest to, it lacks charge_period_start, charge_category or provider_name."
    )
    assert code_of(report) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty: it has no header"),
        ("BilledCost,EffectiveCost\r\n".encode("utf-16"), "is in UTF-16; files have to be in UTF-8"),
        (b"PK\x03\x04rest", "is a zip archive; unpack it first"),
        (b"\x89PNG\0\r\n\x1a\n\0\0\0", "is neither CSV nor Parquet"),
        (b"x" * 3_000_000, "has no end of line within its first 1,048,576 bytes"),
    ],
    ids=["empty", "utf-16", "zip", "picture", "one line"],
)
def test_what_is_no_table_is_told_apart(home, tmp_path, content, words):
    report = home.load(write(tmp_path / "thing.csv", content))
    assert words in reasons(report)[0]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
@pytest.mark.parametrize("after", ["", "\r\n", csv_text([FOCUS])], ids=["end", "line end", "rows after"])
def test_a_line_without_end_is_refused_wherever_it_is_and_however_packed(home, tmp_path, suffix, after):
    """DuckDB drops such a line in silence where it ends the file: the lake must not."""
    path = tmp_path / f"bomb{suffix}"
    with gzip.open(path, "wb", compresslevel=1) if suffix.endswith("gz") else path.open("wb") as file:
        file.write(csv_text([FOCUS]).encode())
        for _ in range(40):
            file.write(b"z" * 1_000_000)
        file.write(after.encode())
    report = home.load(path)
    said = reasons(report)[0]
    assert str(path) in said
    assert "line of more than 1,048,576 bytes" in said or "is longer than the 1,048,576 bytes" in said
    assert home.rows(COST) == []


def test_a_packed_file_whose_checksum_differs_is_refused(home, tmp_path):
    path = write(tmp_path / "a.csv.gz", csv_text([FOCUS]))
    path.write_bytes(path.read_bytes()[:-8] + bytes(8))
    assert f"{path} cannot be read: CRC check failed" in reasons(home.load(path))[0]


def test_a_packed_file_that_unpacks_to_far_too_much_is_refused(home, tmp_path):
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(csv_text([FOCUS]).encode())
        for _ in range(300):
            file.write(b"\r\n" * 500_000)
    assert "unpacks to more than 200 times its size" in reasons(home.load(path))[0]


@pytest.mark.parametrize("name", ["../../outside.csv", "/etc/passwd", "https://other.example/c/x.csv", "a\\..\\x.csv"])
def test_a_manifest_that_points_outside_its_container_is_refused(home, tmp_path, name):
    write(tmp_path / "outside.csv", csv_text([FOCUS]))
    run_of(tmp_path / "export", [FOCUS], change={"blobs": [{"blobName": name}]})
    report = home.load(tmp_path / "export")
    assert "does not lie in its container: nothing of it is read" in reasons(report)[0]
    assert home.rows(COST) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"blobs": [{"blobName": "billing/absent.csv"}]}, "names billing/absent.csv, which is not there"),
        ({"blobCount": 3}, "promises 3 blobs and lists 1"),
        ({"blobs": "x", "blobCount": None}, "blobs is not a list"),
    ],
)
def test_a_manifest_that_does_not_fit_its_files_is_refused(home, tmp_path, change, words):
    run_of(tmp_path / "export", [FOCUS], change=change)
    assert words in reasons(home.load(tmp_path / "export"))[0]


def test_a_half_written_manifest_leaves_the_run_before(home, tmp_path):
    root = tmp_path / "export"
    run_of(root, [FOCUS])
    folder = run_of(root, [FOCUS, FOCUS], run=RUNS[1])
    manifest = (folder / "manifest.json").read_text()
    write(folder / "manifest.json", manifest[: len(manifest) // 2])
    report = home.load(root)
    assert "is not a whole JSON file" in reasons(report)[0]
    assert home.rows(COST) == [("2025-03-01", Decimal("1.5"))]
    assert home.rows("select distinct _scope_id from raw.focus_charges") == [(EXPORT_ID.lower(),)]


def test_a_part_of_another_kind_fails_the_whole_run(home, tmp_path):
    root = tmp_path / "export"
    folder = run_of(root, [FOCUS])
    write(folder / "part_0_0002.csv", "a,b\r\n1,2\r\n")
    blobs = [{"blobName": f"billing/Daily/20250301-20250331/{RUNS[0]}/part_0_000{number}.csv"} for number in (1, 2)]
    run_of(root, [FOCUS], change={"blobs": blobs, "blobCount": 2})
    report = home.load(root)
    assert "part_0_0002.csv has no schema known here" in reasons(report)[0]
    assert home.rows(COST) == []


def test_a_failed_file_is_read_again_although_it_has_not_changed(home, tmp_path):
    write(tmp_path / "bills" / "bad.csv", csv_text([USAGE | {"CostInBillingCurrency": "x"}]))
    first, second = home.load(tmp_path / "bills"), home.load(tmp_path / "bills")
    assert reasons(first) == reasons(second) != []


def test_a_path_with_letters_of_a_pattern_is_a_path(home, tmp_path):
    write(tmp_path / "b[1]*?" / "a[x].csv", csv_text([FOCUS]))
    assert home.load(tmp_path / "b[1]*?").count(Outcome.LOADED) == 1
    assert json.dumps(home.rows(COST)[0][0]) == '"2025-03-01"'


def missing_of(home):
    """Return what the status says is missing: place, outcome, reason."""
    lake = LakeReader(home.path)
    answer = answer_status(lake, home.settings.utc_now())
    lake.close()
    return [(one.scope_id, one.outcome, one.reason) for one in answer.scopes.missing]


@pytest.mark.parametrize("fault", ["foreign file", "manifest", "location"])
def test_what_cannot_be_read_at_all_is_in_the_status_until_it_can(home, tmp_path, fault):
    root = tmp_path / "export"
    folder = run_of(root, [FEBRUARY], period="20250201-20250228") if fault != "location" else root
    assert fault == "location" or home.load(root).failures == ()
    bad = {"foreign file": root / "other.csv", "manifest": folder / "manifest.json", "location": root}[fault]
    good = bad.read_bytes() if bad.is_file() else None
    if fault != "location":
        write(bad, "Name,Colour\r\nx,red\r\n")
    report = home.load(root)
    assert code_of(report) == (1 if fault != "foreign file" else 3)
    ((scope, outcome, reason),) = missing_of(home)
    assert scope.startswith(str(root))
    assert outcome == "failed"
    assert reason.partition(": ")[2] == reasons(report)[0]
    loads = home.rows("select outcome, reason, next_step is not null from meta.loads order by load_id desc limit 1")
    assert loads == [("failed", reasons(report)[0], True)]
    if good is not None:
        write(bad, good)
    elif fault == "location":
        write(root / "bill.csv", csv_text([FEBRUARY]))
    else:
        bad.unlink()
    assert code_of(home.load(root)) == 0
    assert missing_of(home) == []
    assert home.rows(COST) == [("2025-02-01", Decimal(2))]


def test_focus_columns_that_are_not_kept_are_named(home, tmp_path):
    path = write(tmp_path / "focus.csv", csv_text([FOCUS | {"x_Foo": "1", "x_Bar": "2"}]))
    report = home.load(path)
    assert f"{path}: not kept: x_Foo, x_Bar." in report.told
    sql = "select outcome, reason from meta.files where path like '%focus.csv'"
    assert home.rows(sql) == [("loaded", "not kept: x_Foo, x_Bar")]
    assert code_of(report) == 0
    assert not any("not kept" in line for line in home.load(path).told), "an unchanged file is not told of again"


def test_a_place_that_fails_alike_again_is_confirmed_and_nothing_is_written(home, tmp_path):
    path = write(tmp_path / "bills" / "bad.csv", csv_text([FOCUS]) + "1.5,1.25,EUR\r\n")
    first, second = home.load(path.parent), home.load(path.parent)
    assert reasons(first) == reasons(second) != []
    assert (first.generation is None, second.generation) == (False, None)
    assert second.unchanged == 1
    write(path, csv_text([FOCUS]))
    assert home.load(path.parent).generation is not None
    assert home.rows("select last_outcome from meta.chunks where month is null and row_count is not null") == [
        ("loaded",)
    ]
