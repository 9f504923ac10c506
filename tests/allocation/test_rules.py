"""allocation.toml is checked on load: every fault at once, each with its key and the nearest that was meant."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from finops_lake.allocation.rules import load_allocation
from finops_lake.errors import ConfigError

GOOD = """
[[virtual_tag]]
name = "team"
default = "(nobody)"
[[virtual_tag.rule]]
value = "web"
when = [{ dimension = "tag:team", values = ["web"] }, { any_of = [{ dimension = "location", values = ["westeurope"] },
    { dimension = "service", operator = "contains", values = ["CDN"] }] }]
[[virtual_tag.rule]]
value = "platform"
when = [{ dimension = "service", operator = "is_empty" }]

[[split]]
tag = "team"
value = "platform"
by = "fixed"
percent = { web = 66.5, "(nobody)" = 33.5 }
"""

BAD = """
[[virtual_tags]]
name = "x"
[[virtual_tag]]
name = "Team"
[[virtual_tag.rule]]
value = "web"
when = [{ dimension = "servise", values = ["a"] }, { dimension = "service", operator = "contain", values = ["a"] }]
[[virtual_tag.rule]]
value = "shop"
[[virtual_tag]]
name = "unit"
[[virtual_tag.rule]]
value = "web"
when = [{ dimension = "virtual:Team", values = ["a"] }]
[[split]]
tag = "unti"
value = "web"
by = "evenly"
[[split]]
tag = "unit"
value = "weeb"
by = "fixed"
percent = { web = 50, "(none)" = 40 }
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "allocation.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_rules_are_read_in_their_order(tmp_path: Path) -> None:
    allocation = load_allocation(written(tmp_path, GOOD))
    (tag,) = allocation.tags
    assert (tag.name, tag.values) == ("team", ["web", "platform", "(nobody)"])
    assert [len(one.any_of) for one in tag.rules[0].filters] == [1, 2]
    (split,) = allocation.splits
    assert split.percent == {"web": Decimal("66.5"), "(nobody)": Decimal("33.5")}
    assert split.targets == ("web", "(nobody)")


def test_no_file_is_no_rule(tmp_path: Path) -> None:
    assert load_allocation(tmp_path / "allocation.toml").tags == ()


@pytest.mark.parametrize(
    "fault",
    [
        "virtual_tags: there is no such key; did you mean virtual_tag?",
        "virtual_tag 1: name: 'Team': lower-case letters",
        "virtual_tag 1 (Team): rule 1: when 1: condition: 'servise' cannot be used; did you mean service?",
        "virtual_tag 1 (Team): rule 1: when 2: condition: 'contain' cannot be used; did you mean contains?",
        "virtual_tag 1 (Team): rule 2: when: a list of conditions is needed",
        "virtual_tag 2 (unit): rule 1: when 1: a virtual tag cannot rest on another one",
        "split 1: tag: 'unti' is no virtual tag of this file; did you mean unit?",
        "split 1: by: 'evenly': did you mean even?",
        "split 2: 'weeb' is no value of unit; did you mean web?",
        "split 2: percent: the shares add up to 90, not to 100",
    ],
)
def test_all_faults_are_told_at_once(tmp_path: Path, fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_allocation(written(tmp_path, BAD))
    assert any(fault in one for one in raised.value.faults), raised.value.faults


def test_toml_that_cannot_be_read_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"line 2"):
        load_allocation(written(tmp_path, "[[virtual_tag]]\nname = team\n"))
