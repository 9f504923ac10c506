"""mutes.toml: what it mutes, until when, and what is told of its faults."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from finops_lake.answers.mutes import Mutes, load_mutes
from finops_lake.errors import ConfigError

TODAY = date(2026, 11, 23)
GOOD = """
[[mute]]
until = 2026-11-23
reason = "load test"
service = "Virtual*"
resource = "*/vm-load-?"

[[mute]]
until = 2026-11-22
reason = "over"
anomaly_id = "0123456789ab"
"""


def test_without_a_file_nothing_is_muted(tmp_path: Path) -> None:
    assert load_mutes(tmp_path, TODAY) == Mutes()


def test_a_mute_holds_to_the_end_of_its_last_day(tmp_path: Path) -> None:
    (tmp_path / "mutes.toml").write_text(GOOD)
    mutes = load_mutes(tmp_path, TODAY)
    (mute,) = mutes.active
    assert (mute.until, mute.reason, mutes.expired) == (TODAY, "load test", 1)
    assert mute.condition == (
        "coalesce(lower(service_names), '') glob 'virtual*' and coalesce(lower(resource_id), '') glob '*/vm-load-?'"
    )


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("[[mute", ["cannot be read"]),
        ("mute = 3", ["write [[mute]], with two brackets"]),
        ("mutes = []", ["mutes: there is no such key"]),
        ("mute = [1]", ["mute 1: write its keys"]),
        (
            "[[mute]]\nuntil = '2026-12-01'\nservce = 'x'\n",
            ["mute 1: servce: there is no such key; there are anomaly_id", "until: a day is needed", "reason: a text"],
        ),
        ("[[mute]]\nuntil = 2026-12-01\nreason = 'why'\n", ["nothing is named"]),
        (
            "[[mute]]\nuntil = 2026-12-01T00:00:00Z\nreason = ' '\nservice = 3\n",
            ["until: a day", "reason", "service: a text"],
        ),
    ],
)
def test_every_fault_is_told_with_its_place(tmp_path: Path, text: str, faults: list[str]) -> None:
    (tmp_path / "mutes.toml").write_text(text)
    with pytest.raises(ConfigError) as told:
        load_mutes(tmp_path, TODAY)
    for fault in faults:
        assert fault in str(told.value)
    assert "mutes.toml" in str(told.value)
