-- What cost more, or vanished, against what is usual: one row per cause, with its money.
-- grain: one row per subscription (or billing account, for charges without one), billing currency, direction and cause (a resource, a resource group or a service)
-- source: flagged days of a service at most a week apart are one anomaly; anomalies of one resource group that start
--   within two days of each other have one cause
-- parameters:
--   measure: charges.effective_cost or charges.billed_cost.
--   first_date: First day (UTC) to judge.
--   last_date: Last day to judge; days that are not complete yet are left out all the same.
--   keep := true: Condition on charges, such as charges.service_name = 'Storage'.
--   min_cost := 10: Money a day, in the billing currency, below which nothing is said.
--   complete_to := null: Last complete day, where it is the same for all; null: each subscription's own, by marts.cost_settled, and the earliest of these for charges without one.
--   source := 'marts.charge_kinds': What to read; 'marts.charge_days' is faster, and has fewer columns.
--   by_resource := 'marts.charge_kinds': What to read for the resources; 'marts.charges_now' is faster, and has fewer columns.
-- example: marts.cost_anomalies(charges.effective_cost, date '2026-10-20', date '2026-11-19')
-- columns:
--   anomaly_id: The same for the same subscription or billing account, first service and first day; for muting it.
--   sub_account_id: Subscription, /subscriptions/<guid>; null for charges without one.
--   billing_account_id: Account that receives the invoice, for charges without a subscription; else null.
--   service_names: Service, or services, by the bill.
--   resource_id: The resource that makes at least half of it; null where there is none.
--   x_resource_group_name: Resource group of the resource that changed most.
--   anomaly_kind: new (first seen in ten weeks), vanished, spike (at most five days), step (a new level) or ramp (slowly growing).
--   start_date: First unusual day (UTC); of a ramp the day it became clear.
--   end_date: Last unusual day.
--   is_ongoing: Whether it reaches into the last three complete days.
--   billing_currency: Currency of the amounts.
--   cost: Cost of these days, exact.
--   usual_cost: What is usual for them, rounded to cents.
--   impact: cost less usual_cost; negative where cost vanished.
--   severity: high from 100 times min_cost of impact, medium from 10 times, else low.
with judged as materialized (
    select *, coalesce(sub_account_id, billing_account_id, '') as account_id,
    from marts.cost_anomaly_days(
        measure, first_date, last_date, keep := keep, min_cost := min_cost, complete_to := complete_to, source := source
    )
),

flagged as (
    select
        *,
        verdict = 'vanished' as is_lower,
        charge_date - lag(charge_date) over (
            partition by account_id, service_name, billing_currency, verdict = 'vanished' order by charge_date
        ) as gap,
    from judged
    where verdict is not null
),

islands as (
    select
        *,
        count(*) filter (where gap is null or gap > 7) over (
            partition by account_id, service_name, billing_currency, is_lower order by charge_date
        ) as island,
    from flagged
),

spans as (
    select
        account_id,
        any_value(sub_account_id) as sub_account_id,
        any_value(billing_account_id) as billing_account_id,
        service_name,
        billing_currency,
        is_lower,
        min(charge_date) as start_date,
        max(charge_date) as end_date,
        any_value(known_to) as known_to,
        count(*) as flagged_days,
        count(*) filter (where verdict = 'high') as high_days,
        arg_min(verdict, charge_date) as first_verdict,
        arg_min(cost - usual_cost, charge_date) as first_excess,
        max(cost - usual_cost) as highest_excess,
    from islands
    group by account_id, service_name, billing_currency, is_lower, island
),

episodes as materialized (
    select
        spans.account_id,
        spans.sub_account_id,
        spans.billing_account_id,
        spans.service_name,
        spans.billing_currency,
        spans.is_lower,
        spans.start_date,
        spans.end_date,
        spans.end_date >= spans.known_to - 2 as is_ongoing,
        case
            when spans.first_verdict in ('new', 'vanished') then spans.first_verdict
            when spans.flagged_days <= 5 then 'spike'
            when spans.first_verdict = 'sustained' or spans.first_excess < 0.4 * spans.highest_excess then 'ramp'
            else 'step'
        end as anomaly_kind,
    from spans
    where not (spans.is_lower and spans.flagged_days < 2)
),

sums as (
    select
        episodes.account_id,
        episodes.service_name,
        episodes.billing_currency,
        episodes.start_date,
        sum(judged.cost) as cost,
        sum(case when episodes.anomaly_kind = 'new' then 0 else coalesce(judged.usual_cost, 0) end) as usual_cost,
    from episodes
    inner join judged
        on episodes.account_id = judged.account_id
        and episodes.service_name is not distinct from judged.service_name
        and episodes.billing_currency = judged.billing_currency
        and judged.charge_date between episodes.start_date and episodes.end_date
    group by all
),

per_resource as (
    select
        episodes.account_id,
        episodes.service_name,
        episodes.billing_currency,
        episodes.start_date,
        charges.resource_id,
        (
            coalesce(
                sum(measure) filter (where charges.charge_period_start >= episodes.start_date)::double
                / any_value(least(episodes.end_date - episodes.start_date, 13) + 1),
                0
            )
            - coalesce(sum(measure) filter (where charges.charge_period_start < episodes.start_date)::double / 28, 0)
        )
        * any_value(case when episodes.is_lower then -1 else 1 end) as change,
    from query_table(by_resource) as charges
    inner join episodes
        on coalesce(charges.sub_account_id, charges.billing_account_id, '') = episodes.account_id
        and charges.service_name is not distinct from episodes.service_name
        and charges.billing_currency = episodes.billing_currency
        and charges.charge_period_start
            between episodes.start_date - 28 and least(episodes.end_date, episodes.start_date + 13)
    where
        charges.charge_period_start between first_date - 28 and last_date
        and charges.charge_kind in ('usage', 'unused_commitment')
        and keep
    group by all
),

causes as (
    select
        account_id,
        service_name,
        billing_currency,
        start_date,
        arg_max(resource_id, change) as resource_id,
        max(change) / nullif(sum(greatest(change, 0)), 0) as resource_share,
    from per_resource
    group by all
),

explained as (
    select
        episodes.*,
        sums.cost,
        sums.usual_cost,
        case when causes.resource_share >= 0.5 then causes.resource_id end as resource_id,
        nullif(regexp_extract(causes.resource_id, '/resourcegroups/([^/]+)', 1), '') as x_resource_group_name,
    from episodes
    inner join sums
        on episodes.account_id = sums.account_id
        and episodes.service_name is not distinct from sums.service_name
        and episodes.billing_currency = sums.billing_currency
        and episodes.start_date = sums.start_date
    left join causes
        on episodes.account_id = causes.account_id
        and episodes.service_name is not distinct from causes.service_name
        and episodes.billing_currency = causes.billing_currency
        and episodes.start_date = causes.start_date
),

gaps as (
    select
        *,
        start_date - lag(start_date) over alike as days_since,
    from explained
    window alike as (
        partition by account_id, billing_currency, is_lower, coalesce(x_resource_group_name, service_name)
        order by start_date, service_name
    )
),

grouped as (
    select
        *,
        count(*) filter (where days_since is null or days_since > 2) over (
            partition by account_id, billing_currency, is_lower, coalesce(x_resource_group_name, service_name)
            order by start_date, service_name
        ) as cause,
    from gaps
)

select
    left(md5(concat_ws('|', account_id, billing_currency, min(service_name), is_lower, min(start_date))), 12) as anomaly_id,
    any_value(sub_account_id) as sub_account_id,
    any_value(billing_account_id) as billing_account_id,
    string_agg(service_name, ', ' order by service_name) as service_names,
    case when count(distinct resource_id) = 1 and count(resource_id) = count(*) then any_value(resource_id) end as resource_id,
    any_value(x_resource_group_name) as x_resource_group_name,
    arg_max(anomaly_kind, abs(cost - usual_cost)) as anomaly_kind,
    min(start_date) as start_date,
    max(end_date) as end_date,
    bool_or(is_ongoing) as is_ongoing,
    billing_currency,
    sum(cost) as cost,
    sum(usual_cost) as usual_cost,
    sum(cost - usual_cost) as impact,
    case
        when abs(sum(cost - usual_cost)) >= 100 * min_cost then 'high'
        when abs(sum(cost - usual_cost)) >= 10 * min_cost then 'medium'
        else 'low'
    end as severity,
from grouped
group by account_id, billing_currency, is_lower, coalesce(x_resource_group_name, service_name), cause
