"""The user's own checks join ours behind the same guards; each broken one is left out by itself, with its place."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from finops_lake.answers.answer import Answer
from finops_lake.answers.audit import answer_audit
from finops_lake.answers.audit_question import AuditQuestion
from finops_lake.auditing import own_checks
from finops_lake.auditing.own_checks import read_checks
from finops_lake.lake.framing import FROM_HEADER
from finops_lake.lake.own_checks import COLUMNS
from finops_lake.lake.sqlfiles import sql_folder
from tests.answers.audited import Lake, Row, charge, disk

HEADER = """-- Disks that are larger than a user of ours may have.
-- title: Big disks
-- severity: medium
-- category: usage
-- action: change
-- population: staging.disks
-- fix: Ask why.
"""
GOOD = """select resource_id, 'Larger than 1 TiB.' as finding, to_json({'size_gb': disk_size_gb}) as evidence,
from staging.disks
where disk_size_gb > coalesce(getvariable('big_gb'), 1024)
"""
BROKEN = {
    "two_statements": ("select 1 as resource_id, 'x' as finding; drop table raw.disks", "one"),
    "no_select": ("drop table raw.disks", "one bare SELECT"),
    "unknown_column": ("select resource_id,\n    'x' as finding, nothing as evidence\nfrom staging.disks", ":9: "),
    "unknown_view": ("select resource_id, 'x' as finding from staging.diskettes", "there is no staging.diskettes"),
    "raw_table": ("select id as resource_id, 'x' as finding from raw.disks", "may only read staging, marts, meta"),
    "reads_a_file": ("select content as resource_id, 'x' as finding from read_text('/etc/passwd')", "read_text()"),
    "reads_csv": ("select a as resource_id, 'x' as finding from '/etc/passwd.csv'", "without its schema"),
    "file_by_macro": (
        "select resource_id, 'x' as finding from marts.judged_by_use(source := '/tmp/disks.csv')",
        "may only read staging, marts, meta",
    ),
    "file_by_place": (
        "select resource_id, 'x' as finding from marts.judged_by_use('/tmp/disks.csv', 'marts.resource_load')",
        "may only read staging, marts, meta",
    ),
    "raw_by_macro": (
        "select id as resource_id, 'x' as finding from marts.judged_by_use(source := 'raw.disks')",
        "may only read staging, marts, meta",
    ),
    "secrets": ("select name as resource_id, 'x' as finding from duckdb_secrets()", "duckdb_secrets()"),
    "in_a_subquery": (
        "select resource_id, 'x' as finding from staging.disks where (select count(*) from glob('/*')) > 0",
        "glob()",
    ),
    "by_the_clock": ("select resource_id, 'x' as finding from staging.disks where now() > created_at", "now()"),
    "no_finding": ("select resource_id from staging.disks", "it selects no finding"),
    "too_much": ("select resource_id, 'x' as finding, 1 as verdict from staging.disks", "it selects verdict"),
    "wrong_type": ("select resource_id, 1 as finding from staging.disks", "finding is INTEGER, and must be VARCHAR"),
    "float_money": (
        "select resource_id, 'x' as finding, 1.5::double as given_saving from staging.disks",
        "given_saving is DOUBLE",
    ),
    "a_circle": ("select resource_id, 'x' as finding from marts.findings", "rests on all checks itself"),
    "unattached_disks": (GOOD, "there is a check unattached_disks already"),
    "fails_running": (
        "select resource_id, 'x' as finding, resource_name::decimal(9, 2) as given_saving from staging.disks",
        "it fails when it runs: ",
    ),
    "out_of_the_frame": ("select resource_id, 'x' as finding from staging.disks) union all (select 1", ":8: "),
}
"""Checks that are read, and turn out to be broken when the lake tries or runs them."""


def written(folder: Path, checks: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in checks.items():
        (folder / f"{name}.sql").write_text(text)
    return folder


def audited(home: Lake, folder: Path, disks: list[Row]) -> Answer:
    checks, faults = read_checks(folder)
    home.warehouse.add_rules((), checks, faults)
    lake = home.fill(disks, [charge(one, "10") for one in disks])
    try:
        return answer_audit(lake, AuditQuestion(checks=("all",), budgets=False))
    finally:
        lake.close()


def found(answer: Answer) -> set[tuple[str, str]]:
    check, name = answer.columns.index("check_name"), answer.columns.index("resource_name")
    return {(row[check], row[name]) for row in answer.rows}


def test_a_good_check_joins_and_broken_ones_are_named_with_their_place(tmp_path: Path) -> None:
    texts = {name: HEADER + select for name, (select, _) in BROKEN.items()}
    folder = written(tmp_path / "checks", {"big_disks": HEADER + GOOD, **texts})
    big = disk("big", disk_size_gb=2048, disk_state="Attached", managed_by="/vm")
    young = disk(
        "young", disk_size_gb=2048, disk_state="Attached", managed_by="/vm", time_created=f"{'2026-11-22'}T00:00:00Z"
    )
    home = Lake(tmp_path / "home")
    answer = audited(home, folder, [big, young, disk("loose")])
    assert found(answer) == {("big_disks", "big"), ("unattached_disks", "loose")}
    (section,) = [one for one in answer.sections["checks"] if one["check_name"] == "big_disks"]
    assert (section["title"], section["looked_at"], section["waste"]) == ("Big disks", 3, 1)
    assert section["not_applicable"] == 1, "the guards hold for it, too"
    for name, (_, said) in BROKEN.items():
        (note,) = [note for note in answer.notes if note.startswith(f"The check {name} is left out: ")]
        assert str(folder / f"{name}.sql:") in note
        assert said in note
    assert len([check for check in answer.sections["checks"] if check["check_name"] in BROKEN]) == 1, "ours"

    written(folder, {"fails_running": HEADER + GOOD})
    for name in BROKEN.keys() - {"fails_running"}:
        (folder / f"{name}.sql").unlink()
    mended = audited(home, folder, [big, young, disk("loose")])
    assert found(mended) == {("big_disks", "big"), ("fails_running", "big"), ("unattached_disks", "loose")}
    assert not [note for note in mended.notes if "is left out" in note]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Big-Disks", HEADER + GOOD, "1: the file name must be lower-case letters"),
        ("bare", GOOD, "1: the header must begin with a sentence"),
        ("untitled", HEADER.replace("-- title: Big disks\n", "") + GOOD, "1: the header says nothing of title:"),
        ("grave", HEADER.replace("medium", "grave") + GOOD, "1: severity: is 'grave', and may be high, medium, low"),
        ("stored", HEADER + "-- stored: whole\n" + GOOD, "8: only a view of charges or marts can be stored"),
        ("other", HEADER + "-- over: audits\n" + GOOD, "1: over: is not for checks"),
        ("twice", HEADER + "-- title: Again\n" + GOOD, "8: the header says title: twice"),
        ("empty", HEADER, "7: there is no SELECT under the header"),
        ("priced", HEADER + "-- saving: much\n" + GOOD, "1: saving: is 'much'"),
    ],
)
def test_a_faulty_header_is_told_with_its_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    checks, (fault,) = read_checks(written(tmp_path, {name: text, "big_disks": HEADER + GOOD}))
    assert [check.name for check in checks] == ["big_disks"]
    assert fault.about == name
    assert fault.fault.startswith(f"{tmp_path / name}.sql:{said}")


def test_quotes_in_a_header_stay_text() -> None:
    """What a header says is put into the frame; it must not be able to leave it."""
    from finops_lake.lake.framing import named
    from finops_lake.lake.sqlfiles import parse

    check = parse("audits", "x.sql", HEADER + "-- saving_from: a' as x, (select 1) as y, 'b\n" + GOOD)
    assert "'a'' as x, (select 1) as y, ''b' as saving_from" in named(check)


def test_files_that_cannot_be_read_do_not_stop_others(tmp_path: Path) -> None:
    folder = written(tmp_path, {"big_disks": HEADER + GOOD, "_draft": "nothing"})
    (folder / "binary.sql").write_bytes(b"\xff\xfe\x00")
    (folder / "folder.sql").mkdir()
    checks, faults = read_checks(folder)
    assert [check.name for check in checks] == ["big_disks"]
    assert sorted(fault.about for fault in faults) == ["binary", "folder"]
    assert read_checks(tmp_path / "nowhere") == ((), ())


def test_packages_bring_checks_by_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = written(tmp_path / "acme_checks", {"acme_disks": HEADER + GOOD, "big_disks": HEADER + GOOD})
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    points = [
        EntryPoint("acme", "acme_checks", own_checks.GROUP),
        EntryPoint("gone", "no_such_module", own_checks.GROUP),
    ]
    monkeypatch.setattr(own_checks, "entry_points", lambda group: points if group == own_checks.GROUP else [])
    checks, faults = read_checks(written(tmp_path / "mine", {"big_disks": HEADER + GOOD}))
    assert {check.name: Path(check.path).parent.name for check in checks} == {
        "big_disks": "mine",
        "acme_disks": "acme_checks",
    }
    assert sorted(fault.about for fault in faults) == ["big_disks", "gone"]
    assert "no_such_module" in faults[-1].fault
    sys.modules.pop("acme_checks", None)


def test_the_shape_is_that_of_the_frame() -> None:
    frame = (sql_folder() / "audits" / "_frame.sql").read_text(encoding="utf-8")
    given = frame.split("union all by name")[1].split("where false")[0]
    names = [line.rpartition(" as ")[2].strip(" ,") for line in given.splitlines() if " as " in line]
    assert names == list(COLUMNS)
    assert not set(names) & {*FROM_HEADER, "check_name"}
