"""Which tags the cost carries: coverage by cost and by count for each key, and what to mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finops_lake.answers.absence import absence
from finops_lake.answers.answer import Answer, Period
from finops_lake.answers.cost import months_of
from finops_lake.answers.cost_terms import metric_of
from finops_lake.answers.sqltext import literal
from finops_lake.answers.standing import cost_standing
from finops_lake.answers.subscriptions import Subscription, select_subscriptions, subscriptions_of
from finops_lake.answers.tag_gaps import GAPS, VALUED, gap_selects
from finops_lake.answers.tags import check_tags
from finops_lake.answers.together import together
from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

VIEWS = ("marts.tagged_cost", "marts.subscriptions")

COLUMNS = (
    "tag_key",
    "billing_currency",
    "cost_percent",
    "tagged_cost",
    "untagged_cost",
    "unknown_cost",
    "untaggable_cost",
    "resource_percent",
    "tagged_resources",
    "untagged_resources",
    "tag_values",
)
TOTAL = ("billing_currency", "cost", "resources")
METRICS = ("billed_cost", "effective_cost")
MAX_ROWS = 1000


@dataclass(frozen=True)
class CoverageQuestion:
    """Which tag keys (empty: all that any cost of the period carries), of which subscriptions (empty: all), when."""

    period: Period
    keys: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    metric: str = "billed_cost"
    limit: int = 100

    @property
    def tag_keys(self) -> list[str]:
        """The keys in lower case, each once; `tag:` before one is not needed, and does no harm."""
        return list(dict.fromkeys(key.strip().lower().removeprefix("tag:") for key in self.keys))


def check_coverage(question: CoverageQuestion) -> None:
    """Raise InputError for what no lake could answer."""
    if metric_of(question.metric) not in METRICS:
        raise InputError("metric", question.metric, f"allowed are {', '.join(METRICS)}")
    if not all(question.tag_keys):
        raise InputError("tag_keys", "", "the key of a tag is needed, such as env")
    if not 1 <= question.limit <= MAX_ROWS:
        raise InputError("limit", question.limit, f"a whole number from 1 to {MAX_ROWS} is needed")


def answer_coverage(lake: LakeReader, question: CoverageQuestion) -> Answer:
    """Return one row per key and currency, the widest coverage first, with totals by currency.

    What cannot carry a tag, or cannot be judged, is neither covered nor uncovered, and shown apart; the four sums
    add up to the total. Raises InputError for a key that nothing carries, naming the nearest.
    """
    check_coverage(question)
    metric = metric_of(question.metric)
    known = subscriptions_of(lake)
    chosen = select_subscriptions(known, question.subscriptions)
    check_tags(lake, question.tag_keys, "tag_keys")
    standing = cost_standing(lake, chosen, metric, months_of(question.period))
    charged = charged_sql(question, metric, chosen if len(chosen) < len(known) else None)
    parts = _parts(lake, question, charged)
    names = {one.sub_account_id: one.name for one in known}
    parts["untagged"] = [{"sub_account_name": names.get(one["sub_account_id"]), **one} for one in parts["untagged"]]
    rows = [tuple(row[name] for name in COLUMNS) for row in parts["coverage"]]
    listed = rows[: question.limit]
    totals = [{name: row[name] for name in TOTAL} for row in parts["total"]]
    return Answer(
        columns=COLUMNS,
        rows=tuple(listed),
        sql=f"with {charged},\n\n{_COVERAGE.format(keys=_keys_sql(question))}\nlimit {question.limit}",
        as_of=standing.as_of,
        row_count=len(rows),
        truncated=len(listed) < len(rows),
        metric=metric,
        period=question.period,
        currencies=tuple(str(total["billing_currency"]) for total in totals),
        totals=tuple(totals),
        scopes=standing.scopes,
        open_days=standing.open_days_within(question.period),
        notes=(*_notes(totals, rows), *standing.notes, *(() if totals else absence(lake, question.period, standing))),
        sections={
            name: [{column: row[column] for column in columns} for row in parts[name]] for name, columns in GAPS.items()
        },
    )


def charged_sql(question: CoverageQuestion, metric: str, among: Sequence[Subscription] | None) -> str:
    """Return the CTEs `charged` (cost of the period by resource, with effective tags), `named` and `valued`."""
    listed = ", ".join(literal(one.sub_account_id) for one in among or ())
    where = "" if among is None else f"\n    where sub_account_id in ({listed or 'null'})"
    days = f"{literal(question.period.start)}, {literal(question.period.end)}"
    return (
        f"within as (\n    from marts.charges_within({days})\n),\n\n"
        "items as materialized (\n    from marts.written_tags('within')\n),\n\n"
        "charged as materialized (\n    select sub_account_id, service_name, resource_type, resource_id,"
        f" billing_currency, tags, untagged_state,\n        {metric} as cost,\n"
        f"    from marts.effective_tags('items'){where}\n),\n\n"
        "named as materialized (\n    select resource_id, billing_currency, untagged_state, cost,"
        " tag.key as tag_key, tag.value as tag_value,\n"
        "    from (select *, unnest(map_entries(tags)) as tag from charged)\n    where tag.value <> ''\n),\n\n"
        f"{VALUED}"
    )


def _keys_sql(question: CoverageQuestion) -> str:
    if not question.keys:
        return "select distinct tag_key from named"
    return f"select unnest([{', '.join(literal(key) for key in question.tag_keys)}]) as tag_key"


def _parts(lake: LakeReader, question: CoverageQuestion, charged: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every part of the answer, each in its order; coverage and gaps are asked at the same time."""
    covered = {"coverage": _COVERAGE.format(keys=_keys_sql(question)), "total": _TOTAL}
    both = together(
        lambda: _selected(lake, charged, covered), lambda: _selected(lake, charged, gap_selects(question.tag_keys))
    )
    return both[0] | both[1]


def _selected(lake: LakeReader, charged: str, selects: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of some SELECTs over `charged` in one statement, so that months are read once."""
    numbered = [
        f"select {literal(name)} as part, row_number() over () as place, * from (\n"
        f"{'with ' if name == 'coverage' else ''}{select}\n)"
        for name, select in selects.items()
    ]
    found = lake.recall(f"with {charged}\n\n" + "\nunion all by name\n".join(numbered) + "\norder by part, place")
    names = [column.name for column in found.columns]
    parts: dict[str, list[dict[str, Any]]] = {name: [] for name in selects}
    for row in found.rows:
        record = dict(zip(names, row, strict=True))
        parts[record["part"]].append(record)
    return parts


_COVERAGE = """\
whole as (
    select billing_currency, untagged_state, sum(cost) as cost, count(distinct resource_id) as resources,
    from charged
    group by all
),

tagged as (
    select tag_key, billing_currency, untagged_state, sum(cost) as cost, count(distinct resource_id) as resources,
    from named
    group by all
),

spelled as (
    select tag_key, billing_currency, count(*) as tag_values,
    from valued
    group by all
),

parted as (
    select
        keys.tag_key,
        whole.billing_currency,
        coalesce(sum(tagged.cost), 0) as tagged_cost,
        coalesce(sum(whole.cost - coalesce(tagged.cost, 0)) filter (where untagged_state = 'untagged'), 0)
            as untagged_cost,
        coalesce(sum(whole.cost - coalesce(tagged.cost, 0)) filter (where untagged_state = 'unknown'), 0)
            as unknown_cost,
        coalesce(sum(whole.cost - coalesce(tagged.cost, 0)) filter (where untagged_state = 'untaggable'), 0)
            as untaggable_cost,
        coalesce(sum(tagged.resources), 0)::bigint as tagged_resources,
        coalesce(
            sum(whole.resources - coalesce(tagged.resources, 0)) filter (where untagged_state = 'untagged'), 0
        )::bigint as untagged_resources,
    from ({keys}) as keys
    cross join whole
    left join tagged using (tag_key, billing_currency, untagged_state)
    group by all
)

select
    parted.tag_key,
    parted.billing_currency,
    round(100 * parted.tagged_cost::double / nullif(parted.tagged_cost + parted.untagged_cost, 0)::double, 2)
        as cost_percent,
    parted.tagged_cost,
    parted.untagged_cost,
    parted.unknown_cost,
    parted.untaggable_cost,
    round(100 * parted.tagged_resources / nullif(parted.tagged_resources + parted.untagged_resources, 0), 2)
        as resource_percent,
    parted.tagged_resources,
    parted.untagged_resources,
    coalesce(spelled.tag_values, 0) as tag_values,
from parted
left join spelled using (tag_key, billing_currency)
order by cost_percent desc nulls last, parted.tagged_cost desc, parted.tag_key, parted.billing_currency"""


_TOTAL = """\
select billing_currency, sum(cost) as cost, count(distinct resource_id) as resources
from charged
group by all
order by 2 desc nulls last, 1"""


def _notes(totals: Sequence[dict[str, Any]], rows: Sequence[tuple[Any, ...]]) -> list[str]:
    notes = ["Effective tags: of the charge, else its resource, resource group, subscription, as listed now."]
    if len(totals) > 1:
        notes.append(f"The charges are in {len(totals)} currencies, which are not added together.")
    if totals and not rows:
        notes.append("No charge of the period carries any tag.")
    if any(row[5] for row in rows):
        notes.append("unknown_cost: charges without tags of resources that no listing names, mostly deleted ones.")
    return notes
