"""A name that the lake does not have: what was probably meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from finops_lake.app import App
from finops_lake.errors import BadRequestError


@pytest.fixture
def refuse(app: App) -> Callable[[str], str]:
    def ask(sql: str) -> str:
        with pytest.raises(BadRequestError) as caught:
            app.lake.query_user_sql(sql, max_rows=10, timeout=20)
        return str(caught.value)

    return ask


@pytest.mark.parametrize(
    ("sql", "meant"),
    [
        ("from chargs", "Did you mean marts.charges"),
        ("from marts.chargs", "Did you mean marts.charges"),
        ("from mart.charges", "Did you mean marts.charges"),
        ("from costs", "Did you mean marts.charges"),
        ("from loads", "Did you mean meta.loads"),
        ("from unattached_disk", "audits.unattached_disks"),
        ("select billed_cst from charges", "Did you mean billed_cost"),
        ("select c.servicename from charges as c", "Did you mean service_name"),
        ("select cost from charges", "Did you mean billed_cost, effective_cost"),
        ("select currency from charges", "Did you mean billing_currency"),
        ("select subscription from charges", "Did you mean sub_account_"),
        ("select resource_group from marts.charges", "Did you mean x_resource_group_name"),
        ("select power_state from charges", "staging.virtual_machines"),
        ("with a as (from charges) select billed_cst from a", "Did you mean billed_cost"),
        ("select sumx(billed_cost) from charges", 'Did you mean "sum"?'),
    ],
)
def test_the_nearest_right_name_is_told(refuse: Callable[[str], str], sql: str, meant: str) -> None:
    told = refuse(sql)
    assert meant in told
    assert "LINE 1" not in told
    assert len(told) < 600


def test_where_nothing_is_near_the_way_to_a_list_is_told(refuse: Callable[[str], str]) -> None:
    assert refuse("from zzzzqqq").endswith("There is no table or view 'zzzzqqq'. SHOW ALL TABLES lists what there is.")
    told = refuse("select zzzzqqq from charges")
    assert "Did you mean" not in told
    assert told.endswith("DESCRIBE marts.charges lists its columns.")


def test_a_function_with_fifty_forms_is_not_listed_in_full(refuse: Callable[[str], str]) -> None:
    told = refuse("select service_name + 1 from charges")
    assert "It takes:" in told
    assert "more." in told
    assert len(told) < 600
