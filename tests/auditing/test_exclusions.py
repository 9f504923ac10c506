"""exclusions.toml: what it may say, and every fault with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from finops_lake.auditing.exclusions import load_exclusions
from finops_lake.errors import ConfigError
from finops_lake.lake.rules import Exclusion


def test_an_exclusion_is_read_with_its_patterns(tmp_path: Path) -> None:
    path = tmp_path / "exclusions.toml"
    path.write_text(
        '[[exclusion]]\nreason = " kept "\nuntil = 2026-12-31\ncheck = "Unattached_*"\nresource = "*/Disks/Golden-*"\n'
        '[[exclusion]]\nreason = "by tag"\ntag = "Keep = Yes*"\n[[exclusion]]\nreason = "any"\ntag = "keep"\n'
    )
    assert load_exclusions(path) == (
        Exclusion(
            1,
            "kept",
            date(2026, 12, 31),
            "check unattached_*, resource */disks/golden-*",
            check_pattern="unattached_*",
            resource_pattern="*/disks/golden-*",
        ),
        Exclusion(2, "by tag", None, "tag keep = yes*", tag_key="keep", tag_pattern="yes*"),
        Exclusion(3, "any", None, "tag keep", tag_key="keep"),
    )


def test_without_a_file_nothing_is_excluded(tmp_path: Path) -> None:
    assert load_exclusions(tmp_path / "exclusions.toml") == ()


def test_every_fault_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "exclusions.toml"
    path.write_text(
        '[other]\n[[exclusion]]\nreason = "x"\nchecks = "y"\n[[exclusion]]\ncheck = 3\nuntil = "2026-12-31"\n'
        '[[exclusion]]\nreason = "x"\ntag = \'"=z\'\n'
    )
    with pytest.raises(ConfigError) as raised:
        load_exclusions(path)
    assert raised.value.faults == [
        f"{path}: other: there is no such key; write [[exclusion]]",
        f"{path}: exclusion 1: checks: there is no such key; did you mean check? there are reason, until, check,"
        " subscription, resource_group, resource, tag",
        f"{path}: exclusion 1: nothing is named; give at least one of check, subscription, resource_group, resource,"
        " tag",
        f"{path}: exclusion 2: check: a text is needed",
        f"{path}: exclusion 2: reason: a text is needed",
        f"{path}: exclusion 2: until: a day is needed, such as 2026-12-31 without quotes",
        f'{path}: exclusion 3: tag: a tag is key or key=pattern, and a key holds no "',
    ]


@pytest.mark.parametrize("text", ["exclusion = 3", "[exclusion]\nreason = 'x'", "[[exclusion]", "\x00"])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "exclusions.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="exclusions"):
        load_exclusions(path)
