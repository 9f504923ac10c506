"""The types of the tools' parameters: what a value may be, and what the model is told about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from finops_lake.answers.dimensions import DIMENSIONS
from finops_lake.answers.filters import OPERATORS
from finops_lake.answers.periods import NAMED

MAX_LIMIT = 1000


def _word(value: object) -> object:
    """Return a word as the enumerations write it: lower case, underscores."""
    return value.strip().lower().replace(" ", "_").replace("-", "_") if isinstance(value, str) else value


def _words(value: object) -> object:
    return [_word(item) for item in value] if isinstance(value, list) else _word(value)


def _one_or_more(values: tuple[str, ...], pattern: str) -> WithJsonSchema:
    """Return a schema that lists the usual spellings; what else is meant by a text is found out when it is used."""
    one = [{"type": "string", "enum": list(values)}, {"type": "string", "pattern": pattern}]
    return WithJsonSchema({"anyOf": [*one, {"type": "array", "items": {"anyOf": one}}]})


Texts = list[str] | str

Profiles = Annotated[
    Texts | None, Field(description="Subscription names or ids, also patterns such as prod-*. Default: all.")
]
AllProfiles = Annotated[bool, Field(description="True: all subscriptions, whatever the settings say.")]
SubscriptionId = Annotated[
    Texts | None, Field(description="The same as profiles: ids or names of subscriptions, or all.")
]
MaxWait = Annotated[
    float | None,
    Field(
        ge=0,
        le=600,
        description="Seconds to wait while stale data is refreshed. Default: the server's setting, mostly 20.",
    ),
]
CacheBypass = Annotated[bool, Field(description="True: ask Azure again even for what is fresh; slow.")]
Limit = Annotated[
    int | None, Field(ge=1, le=MAX_LIMIT, description="Most rows to return. Default: what fits a short answer.")
]
Status = Literal["exceeded", "at_risk", "ok", "unknown", "not_started", "expired", "other_currency"]
Statuses = Annotated[
    list[Status] | Status | None, BeforeValidator(_words), Field(description="Only budgets of these states.")
]

TimeRangeDays = Annotated[int | None, Field(ge=1, le=3660, description="The last N days, today included.")]
TimePeriod = Annotated[
    str | None,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": list(NAMED)},
                {"type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}|-Q[1-4])?$"},
            ]
        }
    ),
    Field(description="A named period (last_month is the whole month before this one), or 2026, 2026-Q3, 2026-10."),
]
StartDateIso = Annotated[
    str | None, Field(description="First day, YYYY-MM-DD (UTC), inclusive. Dates win over ranges and names.")
]
EndDateIso = Annotated[str | None, Field(description="Last day, YYYY-MM-DD (UTC), inclusive. Default: today.")]
StartDate = Annotated[str | None, Field(description="The same as start_date_iso.")]
EndDate = Annotated[str | None, Field(description="The same as end_date_iso.")]
Tags = Annotated[
    Texts | None,
    Field(
        description="Key=Value filters on tags, such as env=prod; a resource without the key has its group's or"
        " subscription's. One key's values are alternatives, different keys must all match."
    ),
]
FilterTag = Annotated[Texts | None, Field(description="The same as tags.")]
Dimensions = Annotated[
    Texts | None,
    Field(description="Key=Value filters on what group_by may name, such as service=Storage or location=westeurope."),
]
FilterDimension = Annotated[Texts | None, Field(description="The same as dimensions.")]
GroupBy = Annotated[
    Texts,
    _one_or_more(
        (
            *DIMENSIONS,
            "SERVICE",
            "REGION",
            "INSTANCE_TYPE",
            "RESOURCE_ID",
            "RESOURCE_GROUP",
            "ServiceName",
            "ResourceLocation",
            "ResourceId",
            "ResourceGroupName",
            "ResourceType",
            "SubscriptionId",
            "MeterName",
        ),
        pattern="^(tag|virtual):.+",
    ),
    Field(
        description="One or more dimensions, tag:KEY for a tag, virtual:NAME for a virtual one; an empty list: totals."
    ),
]
Granularity = Annotated[
    Literal["total", "monthly", "daily", "weekly", "quarterly", "accumulated"],
    BeforeValidator(_word),
    Field(description="A row per day, week (from Monday), month or quarter (UTC), or for the whole period."),
]
Metric = Annotated[
    Literal[
        "billed_cost",
        "effective_cost",
        "list_cost",
        "contracted_cost",
        "quantity",
        "billed_cost_usd",
        "effective_cost_usd",
        "list_cost_usd",
        "actual",
        "amortized",
    ],
    BeforeValidator(_word),
    Field(
        description="billed_cost (actual): what is invoiced; effective_cost (amortized): commitments spread over time;"
        " list and contracted: before discounts; quantity per unit; _usd: Azure's own US dollar figure."
    ),
]
_CONDITION = {
    "dimension": {"type": "string", "description": "What group_by may name: a dimension, tag:KEY or virtual:NAME."},
    "operator": {"type": "string", "enum": list(OPERATORS), "default": "in"},
    "values": {"type": "array", "items": {"type": "string"}, "description": "Alternatives; none for is_empty."},
    "not": {"type": "boolean", "default": False, "description": "True: the condition must not hold."},
}
Filters = Annotated[
    list[dict[str, Any]] | None,
    WithJsonSchema(
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    **_CONDITION,
                    "any_of": {
                        "type": "array",
                        "description": "Instead of one condition: several, of which at least one must hold.",
                        "items": {"type": "object", "properties": _CONDITION, "additionalProperties": False},
                    },
                },
                "additionalProperties": False,
            },
        }
    ),
    Field(
        description="Conditions that must all hold. Examples:"
        ' {"dimension":"service","operator":"starts_with","values":["Azure"]},'
        ' {"dimension":"tag:env","operator":"is_empty"},'
        ' {"any_of":[{"dimension":"location","values":["westeurope"]},{"dimension":"meter","operator":"contains",'
        '"values":["egress"]}]}'
    ),
]
Top = Annotated[
    int | None,
    Field(ge=1, le=1000, description="Only the N largest groups per currency, and one exact row for all others."),
]
Shares = Annotated[bool, Field(description="True: share_percent of the total; shares add up to exactly 100.")]
AsOf = Annotated[
    str | None,
    Field(description="What the lake knew at this UTC instant, or at the end of this day: restated later, not shown."),
]

ConvertTo = Annotated[
    str | None,
    Field(
        pattern="^[A-Za-z]{3}$",
        description="Currency to convert into, such as EUR, by the user's own dated rates alone; what has no rate"
        " stays as it is. Only when asked for.",
    ),
]
SplitShared = Annotated[
    bool,
    Field(
        description="True, with group_by one virtual:NAME and whole months: cost that the user's rules share is paid by"
        " the others (chargeback); rows add up to the bill."
    ),
]
Per = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=200,
        description="Business figure of the user's files, such as orders: adds units and what one of them costs.",
    ),
]

CompareTo = Annotated[
    Literal["previous_period", "same_period_last_month", "same_period_last_year"] | None,
    BeforeValidator(_word),
    Field(
        description="What to compare with. previous_period is the same days of the month before for a period that"
        " begins a month, else as many days just before."
    ),
]
CompareStart = Annotated[
    str | None, Field(description="First day of the period to compare with, YYYY-MM-DD; wins over compare_to.")
]
CompareEnd = Annotated[str | None, Field(description="Last day of it, inclusive.")]
IncludeOpenDays = Annotated[
    bool, Field(description="True: also days that are not complete yet, which makes cost look lower.")
]

IncludeRestatements = Annotated[
    bool, Field(description="True: also how much of either period Azure restated after it was first known; slower.")
]
MinCost = Annotated[
    float, Field(gt=0, le=1e9, description="Money a day, in the billing currency, below which nothing is said.")
]

TagKeys = Annotated[
    Texts | None, Field(description="Only these tag keys, such as env; case does not matter. Default: all keys.")
]
CoverageMetric = Annotated[
    Literal["billed_cost", "effective_cost"],
    BeforeValidator(_word),
    Field(description="billed_cost (actual) or effective_cost (amortized)."),
]

MonthsAhead = Annotated[
    int, Field(ge=1, le=13, description="Months to forecast, the running one included; 1 asks for its end alone.")
]
ForecastGroupBy = Annotated[
    Texts | None,
    Field(description="Dimensions as in get_cost, such as service or subscription. Default: totals alone."),
]
ForecastLimit = Annotated[
    int, Field(ge=1, le=200, description="Groups to tell apart, by their cost in the last 60 days; the others are one.")
]

Regions = Annotated[Texts | None, Field(description="Only these regions, such as westeurope or west*; all: no filter.")]
ResourceGroups = Annotated[Texts | None, Field(description="Only these resource groups, patterns allowed.")]
ResourceKind = Literal["vms", "disks", "ips", "budgets", "all"]
ResourceTypes = Annotated[
    list[ResourceKind] | ResourceKind | None, BeforeValidator(_words), Field(description="What to audit. Default: all.")
]
Checks = Annotated[
    Texts | None, Field(description="Checks by name, such as unattached_disks; added to resource_types.")
]
Categories = Annotated[
    list[Literal["usage", "rate", "governance", "reliability", "all"]]
    | Literal["usage", "rate", "governance", "reliability", "all"]
    | None,
    BeforeValidator(_words),
    Field(description="Only checks of these kinds: wasted usage, rates and commitments, governance, reliability."),
]
Severity = Literal["high", "medium", "low", "all"]
Severities = Annotated[
    list[Severity] | Severity | None,
    BeforeValidator(_words),
    Field(description="Only checks of these severities: by what such waste usually costs."),
]
MinimumSaving = Annotated[
    str | int | float | None,
    Field(
        description="Least saving a month, such as 100 or '100 EUR'; findings without a price, or in another currency,"
        " are left out then."
    ),
]
OwnTags = Annotated[
    Texts | None,
    Field(
        description="Only resources with these tags of their own: Key or Key=Value; values of one key are alternatives,"
        " different keys must all match; case does not matter."
    ),
]
SinceDay = Annotated[
    str | None,
    Field(
        description="Day, YYYY-MM-DD (UTC), of the audit to compare with: changes lists what is new, gone and grown"
        " since. Default: the last audit of an earlier day."
    ),
]
IncludeRecommendations = Annotated[bool, Field(description="False leaves out how to fix each finding.")]

Tables = Annotated[
    Texts | None, Field(description="Raw tables by the names get_lake_status lists. Default: all that is due.")
]
Months = Annotated[
    int | None,
    Field(
        ge=1,
        le=84,
        description="Months of cost to hold, the running one included. Default: the server's setting, mostly 13.",
    ),
]
Force = Annotated[bool, Field(description="True: ask again even for what is fresh.")]
WaitSeconds = Annotated[
    float | None,
    Field(
        ge=0,
        le=600,
        description="Seconds to wait for the end; it goes on after that. Default: the server's setting, mostly 20.",
    ),
]

Sql = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=50_000,
        description="One SELECT in DuckDB's dialect (WITH, FROM, SHOW, DESCRIBE and SUMMARIZE count as such).",
    ),
]
ResultId = Annotated[
    str | None,
    Field(min_length=1, max_length=64, description="result_id of an earlier answer, to read on; instead of sql."),
]
Offset = Annotated[int, Field(ge=0, le=1_000_000, description="Place of the first row to return, from 0.")]
TimeoutSeconds = Annotated[float, Field(gt=0, le=120, description="Seconds after which the query is stopped.")]
TableName = Annotated[
    str | None, Field(min_length=1, max_length=200, description="A table or view to describe, such as marts.charges.")
]
Schema = Literal["marts", "audits", "meta", "charges", "staging", "raw"]
Schemas = Annotated[
    list[Schema] | Schema | None,
    BeforeValidator(_words),
    Field(description="Only tables of these schemas. Default: marts, audits and meta; with search: all."),
]
Search = Annotated[
    str | None,
    Field(min_length=2, max_length=100, description="Only tables whose name, comment or columns hold this text."),
]
