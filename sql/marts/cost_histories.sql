-- Daily cost of each group as lists, which is what a forecast is made from.
-- grain: one row per group (those that cost most in the last 60 days; the others together), billing currency and part
-- parameters:
--   dimension: What to group by, such as charges.service_name, or a struct of several.
--   measure: charges.billed_cost or charges.effective_cost.
--   first_date: First day (UTC).
--   last_date: Last day, which must be complete.
--   keep := true: Condition on charges, such as charges.region_id = 'westeurope'.
--   groups := 20: How many groups to give; the others are summed as one.
--   source := 'marts.charge_kinds': What to read; 'marts.charge_days' is faster, and has fewer columns.
-- example: marts.cost_histories(charges.service_name, charges.billed_cost, date '2025-11-01', date '2026-11-19')
-- columns:
--   place: The group: a value of dimension; null for the others.
--   is_other: True for the row that stands for all groups not given.
--   group_count: How many groups the row stands for.
--   billing_currency: Currency of the amounts.
--   part: usage (with unused commitments), fee (purchases, rounding and tax) or refund.
--   charge_dates: Days with a charge, ascending.
--   costs: Cost of these days, as floating-point numbers, to estimate from.
--   month_cost: Cost in the calendar month of last_date up to it, exact.
--   rank: Place of the group by its cost in the last 60 days; null for the others.
with spent as materialized (
    select
        dimension as place,
        charges.billing_currency,
        charges.charge_period_start as charge_date,
        case charges.charge_kind
            when 'usage' then 'usage'
            when 'unused_commitment' then 'usage'
            when 'refund' then 'refund'
            else 'fee'
        end as part,
        sum(measure) as cost,
    from query_table(source) as charges
    where charges.charge_period_start between first_date and last_date and keep
    group by all
),

sizes as (
    select
        place,
        billing_currency,
        coalesce(sum(cost) filter (where charge_date > last_date - 60), 0) as recent_cost,
    from spent
    group by all
),

ranked as (
    select
        *,
        row_number() over (order by recent_cost desc, billing_currency, place) as place_by_size,
    from sizes
),

named as (
    select
        spent.billing_currency,
        spent.part,
        spent.charge_date,
        spent.cost,
        spent.place,
        case when ranked.place_by_size <= groups then ranked.place_by_size end as rank,
    from spent
    inner join ranked
        on spent.place is not distinct from ranked.place and spent.billing_currency = ranked.billing_currency
),

daily as (
    select
        rank,
        billing_currency,
        part,
        charge_date,
        sum(cost) as cost,
        any_value(place) as place,
    from named
    group by rank, billing_currency, part, charge_date
),

counts as (
    select
        billing_currency,
        count(*) as group_count,
    from ranked
    where place_by_size > groups
    group by billing_currency
)

select
    case when daily.rank is not null then any_value(daily.place) end as place,
    daily.rank is null as is_other,
    case when daily.rank is null then any_value(counts.group_count) else 1 end as group_count,
    daily.billing_currency,
    daily.part,
    list(daily.charge_date order by daily.charge_date) as charge_dates,
    list(daily.cost::double order by daily.charge_date) as costs,
    coalesce(sum(daily.cost) filter (where daily.charge_date >= date_trunc('month', last_date)), 0) as month_cost,
    daily.rank,
from daily
left join counts using (billing_currency)
group by daily.rank, daily.billing_currency, daily.part
