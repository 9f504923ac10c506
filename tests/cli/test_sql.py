"""`finops-lake sql`: every type of DuckDB reaches JSON and CSV whole."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Home

TYPES = """select 1 as a, 2 as a, null as nothing, 1.50::decimal(9, 2) as amount,
    -0.000000000000000000000001::decimal(38, 24) as tiny, date '2026-01-02' as day,
    timestamp '2026-01-02 03:04:05.678' as local, timestamptz '2026-01-02 03:04:05+02' as instant,
    interval 3 day as span, 'nan'::double as number, 'a'::blob as bytes, [1.5::decimal(3, 1)] as list,
    {'k': date '2026-01-02'} as structure, true as flag, 170141183460469231731687303715884105727::hugeint as huge"""


def test_json_keeps_every_type(home: Home) -> None:
    done = home.run("sql", TYPES, "--json", TZ="America/New_York")
    assert json.loads(done.stdout) == [
        {
            "a": 1,
            "a_1": 2,
            "nothing": None,
            "amount": "1.5",
            "tiny": "-0.000000000000000000000001",
            "day": "2026-01-02",
            "local": "2026-01-02T03:04:05.678000",
            "instant": "2026-01-02T01:04:05Z",
            "span": "3 days, 0:00:00",
            "number": "nan",
            "bytes": "61",
            "list": ["1.5"],
            "structure": {"k": "2026-01-02"},
            "flag": True,
            "huge": 170141183460469231731687303715884105727,
        }
    ]


def test_csv_writes_nothing_for_null_and_json_for_structures(home: Home) -> None:
    done = home.run("sql", "select null as a, [1, 2] as b, 'x,\"y' as c, true as d, 0.10::decimal(9,2) as e", "--csv")
    assert done.stdout == 'a,b,c,d,e\n,"[1, 2]","x,""y",true,0.1\n'


def test_query_may_come_from_stdin_or_a_file(home: Home, tmp_path: Path) -> None:
    (tmp_path / "query.sql").write_text("select 'ä' as word\n", encoding="utf-8")
    assert home.run("sql", "-", "--csv", text="select 'ö' as word").stdout == "word\nö\n"
    assert home.run("sql", "--file", str(tmp_path / "query.sql"), "--csv").stdout == "word\nä\n"


def test_cut_off_rows_are_said_and_json_is_whole_unless_asked(home: Home) -> None:
    table = home.run("sql", "from range(1001)")
    assert table.stdout.count("\n") == 2 + 1000
    assert "Only the first 1000 rows are shown" in table.stderr
    assert len(json.loads(home.run("sql", "from range(1001)", "--json").stdout)) == 1001
    limited = home.run("sql", "from range(5)", "--json", "--max-rows", "2")
    assert (len(json.loads(limited.stdout)), limited.returncode) == (2, 0)
    assert "Only the first 2 rows" in limited.stderr


def test_no_rows_is_an_empty_array(home: Home) -> None:
    assert home.run("sql", "select 1 as one where false", "--json").stdout == "[]\n"


def test_long_query_is_stopped_after_its_time(home: Home) -> None:
    done = home.run("sql", "select count(*) from range(100000000000)", "--timeout", "0.2")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The query was stopped after 0.2 s.")
