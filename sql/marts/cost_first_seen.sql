-- Regions and meters that a subscription (or billing account, without one) is charged in for the first time in ten weeks.
-- grain: one row per subscription or billing account, kind, name and billing currency
-- parameters:
--   measure: charges.effective_cost or charges.billed_cost.
--   first_date: First day (UTC) to look at.
--   last_date: Last day to look at; days that are not complete yet are left out all the same.
--   keep := true: Condition on charges, such as charges.service_name = 'Storage'.
--   min_cost := 10: Money a day, in the billing currency, below which nothing is said.
--   complete_to := null: Last complete day, where it is the same for all; null: each subscription's own, by marts.cost_settled, and the earliest of these for charges without one.
--   settled := 'marts.cost_settled_by_account': Where to read these days; 'marts.cost_settled_alike' is faster where complete_to is given.
--   source := 'marts.charge_kinds': What to read; 'marts.charge_days' is faster, and has fewer columns.
-- example: marts.cost_first_seen(charges.effective_cost, date '2026-10-20', date '2026-11-19')
-- columns:
--   sub_account_id: Subscription, /subscriptions/<guid>; null for charges without one.
--   billing_account_id: Account that receives the invoice, for charges without a subscription; else null.
--   place_kind: region or meter; meters only where the source tells them apart.
--   place_name: The region, or service and meter.
--   first_charged: First day with a charge (UTC).
--   billing_currency: Currency of cost.
--   cost: Cost since then, up to last_date.
--   cost_per_day: The same by day, rounded to cents.
with places as (
    select
        charges.sub_account_id,
        case when charges.sub_account_id is null then charges.billing_account_id end as billing_account_id,
        charges.billing_currency,
        charges.region_id,
        charges.service_name,
        charges.sku_meter,
        min(charges.charge_period_start) as first_charged,
        max(charges.charge_period_start) as last_charged,
        sum(measure) as cost,
    from query_table(source) as charges
    left join query_table(settled) as settled
        on charges.sub_account_id is not distinct from settled.sub_account_id
    where
        charges.charge_period_start between first_date - 70 and last_date
        and charges.charge_period_start <= coalesce(case when complete_to is null then settled.settled_date end, complete_to, last_date)
        and charges.charge_kind = 'usage'
        and keep
    group by all
),

known as (
    select
        sub_account_id,
        billing_account_id,
        min(first_charged) as known_from,
        max(last_charged) as known_to,
    from places
    group by all
),

named as (
    select
        sub_account_id,
        billing_account_id,
        billing_currency,
        'region' as place_kind,
        region_id as place_name,
        min(first_charged) as first_charged,
        sum(cost) as cost,
    from places
    where region_id is not null
    group by all
    union all
    select
        sub_account_id,
        billing_account_id,
        billing_currency,
        'meter' as place_kind,
        concat_ws(', ', service_name, sku_meter) as place_name,
        min(first_charged) as first_charged,
        sum(cost) as cost,
    from places
    where sku_meter is not null
    group by all
)

select
    named.sub_account_id,
    named.billing_account_id,
    named.place_kind,
    named.place_name,
    named.first_charged,
    named.billing_currency,
    named.cost,
    round(named.cost::double / (known.known_to - named.first_charged + 1), 2)::decimal(38, 2) as cost_per_day,
from named
inner join known
    on named.sub_account_id is not distinct from known.sub_account_id
    and named.billing_account_id is not distinct from known.billing_account_id
where
    named.first_charged >= greatest(first_date, known.known_from + 28)
    and named.cost::double / (known.known_to - named.first_charged + 1) >= min_cost
