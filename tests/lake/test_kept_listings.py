"""What is kept ready of listings says what the listings say after each load, and is as old as they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from finops_lake.errors import Outcome
from finops_lake.lake.reader import LakeReader
from finops_lake.source import Chunk, ChunkResult
from tests.lake.test_as_of import MONTH, Lake

SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111"
VM = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/"
ORDER = "/providers/Microsoft.Capacity/reservationOrders/o1/reservations/"
SETS = "select regexp_extract(resource_id, '[^/]+$'), tags from marts.resource_tag_sets order by all"


def resource(name: str, tags: str | None) -> dict[str, object]:
    return {"id": VM + name, "name": name, "type": "Microsoft.Compute/virtualMachines", "tags": tags}


def test_tag_sets_follow_resources_groups_and_subscriptions(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    lake.load(Chunk("resources", SUBSCRIPTION), [resource("a", '{"Env": "prod"}'), resource("b", None)])
    assert asked(lake, SETS) == [("a", {"env": "prod"}), ("b", {})]
    group = {"id": f"{SUBSCRIPTION}/resourceGroups/rg", "name": "rg", "tags": '{"team": "x", "env": "dev"}'}
    lake.load(Chunk("resource_groups", SUBSCRIPTION), [group])
    assert asked(lake, SETS) == [("a", {"env": "prod", "team": "x"}), ("b", {"env": "dev", "team": "x"})]
    lake.load(Chunk("resources", SUBSCRIPTION), [resource("b", '{"team": ""}')])
    assert asked(lake, SETS) == [("b", {"env": "dev", "team": ""})]


def test_a_listing_of_commitments_is_as_old_as_it_was_last_confirmed(tmp_path: Path) -> None:
    lake, chunk = Lake(tmp_path / "home"), Chunk("reservations", "/")
    held = {"id": f"{ORDER}R1", "display_name": "one", "expiry_date": date(2026, 12, 20), "quantity": 2}
    lake.load(chunk, [held])
    sql = "select commitment_name, display_name, days_left, loaded_at from marts.listed_commitments order by all"
    assert asked(lake, sql) == [("r1", "one", 30, lake.now)]
    later = lake.now + timedelta(days=3)
    confirmation = ChunkResult(chunk, Outcome.LOADED, later, later, True, 1)
    reader = LakeReader(lake.home, confirmed=lambda: [confirmation])
    assert reader.query(sql).rows == [("r1", "one", 27, later)]
    reader.close()
    lake.load(chunk, [replaced(held, "two"), held | {"id": f"{ORDER}R2"}])
    assert asked(lake, sql) == [("r1", "two", 30, lake.now), ("r2", "one", 30, lake.now)]


def test_days_of_use_are_replaced_with_their_month(tmp_path: Path) -> None:
    lake, chunk = Lake(tmp_path / "home"), Chunk("reservation_summaries", "/account", MONTH)
    profile = replace(chunk, scope_id="/account/profile")
    sql = "select utilization, utilization_days, reserved_hours, used_hours from marts.commitment_utilization()"
    days = [used(1, "24", "12"), used(2, "24", "24")]
    lake.load(chunk, days)
    lake.load(profile, days)
    assert asked(lake, sql) == [(75.0, 2, Decimal(48), Decimal(36))]
    lake.load(profile, [])
    lake.load(chunk, [used(2, "24", "6")])
    assert asked(lake, sql) == [(25.0, 1, Decimal(24), Decimal(6))]
    mean = {"kind": "Reservation", "benefit_id": f"{ORDER}R1", "usage_date": date(2026, 11, 3)}
    lake.load(Chunk("benefit_utilization", "/account", MONTH), [mean | {"average_utilization": Decimal(90)}])
    assert asked(lake, sql) == [(25.0, 1, Decimal(24), Decimal(6))]
    lake.load(chunk, [])
    assert asked(lake, sql) == [(90.0, 1, None, None)]


def used(day: int, reserved: str, hours: str) -> dict[str, object]:
    return {
        "reservation_order_id": "o1",
        "reservation_id": "R1",
        "usage_date": date(2026, 11, day),
        "reserved_hours": Decimal(reserved),
        "used_hours": Decimal(hours),
    }


def replaced(held: dict[str, object], name: str) -> dict[str, object]:
    return held | {"display_name": name}


def asked(lake: Lake, sql: str) -> list[tuple[object, ...]]:
    reader = lake.reader()
    try:
        return reader.query(sql).rows
    finally:
        reader.close()
