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
--   settled := 'marts.cost_settled_by_account': Where to read these days; 'marts.cost_settled_alike' is faster where complete_to is given.
--   source := 'marts.charge_kinds': What to read; 'marts.charge_days' is faster, and has fewer columns.
--   by_resource := 'marts.charge_kinds': What to read for the resources; 'marts.charges_now' is faster, and has fewer columns.
--   series_of := 'runs': Where the rows of marts.cost_series are, worked out here by default; those of an earlier first day and a later last day do as well.
--   keep_series := true: Condition on these rows, where they are of more than keep.
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
    from marts.cost_anomaly_days(
        measure, first_date, last_date, keep := keep, min_cost := min_cost, complete_to := complete_to, settled := settled,
        source := source, series_of := series_of, keep_series := keep_series
    )
),

flagged as (
    select
        *,
        verdict = 'vanished' as is_lower,
        (2 * series + (verdict = 'vanished')::int) * 100000 + (charge_date - first_date) as place,
    from judged
    where verdict is not null
),

begun as (
    select *, coalesce(place - lag(place) over (order by place) > 7, true) as is_first,
    from flagged
),

islands as (
    select *, count(*) filter (where is_first) over (order by place rows between unbounded preceding and current row) as island,
    from begun
),

spans as (
    select
        island,
        any_value(series) as series,
        any_value(sub_account_id) as sub_account_id,
        any_value(billing_account_id) as billing_account_id,
        any_value(service_name) as service_name,
        any_value(billing_currency) as billing_currency,
        any_value(is_lower) as is_lower,
        min(charge_date) as start_date,
        max(charge_date) as end_date,
        any_value(known_to) as known_to,
        count(*) as flagged_days,
        arg_min(verdict, charge_date) as first_verdict,
        arg_min(cost - usual_cost, charge_date) as first_excess,
        max(cost - usual_cost) as highest_excess,
    from islands
    group by island
),

episodes as materialized (
    select
        island,
        series,
        coalesce(sub_account_id, billing_account_id, '') as account_id,
        sub_account_id,
        billing_account_id,
        service_name,
        billing_currency,
        is_lower,
        start_date,
        end_date,
        least(end_date, start_date + 13) as compared_to,
        case when is_lower then -28 else 28 end as since_weight,
        (least(end_date - start_date, 13) + 1) * case when is_lower then 1 else -1 end as before_weight,
        end_date >= known_to - 2 as is_ongoing,
        case
            when first_verdict in ('new', 'vanished') then first_verdict
            when flagged_days <= 5 then 'spike'
            when first_verdict = 'sustained' or first_excess < 0.4 * highest_excess then 'ramp'
            else 'step'
        end as anomaly_kind,
    from spans
    where not (is_lower and flagged_days < 2)
),

sums as (
    select
        episodes.island,
        sum(judged.cost) as cost,
        sum(case when episodes.anomaly_kind = 'new' then 0 else coalesce(judged.usual_cost, 0) end) as usual_cost,
    from episodes
    inner join judged
        on episodes.series = judged.series
        and judged.charge_date between episodes.start_date and episodes.end_date
    group by episodes.island
),

per_resource as (
    select
        episodes.island,
        charges.resource_id,
        -- cost a day since it began less that of the four weeks before, times the days of both: decimals are told apart fast
        coalesce(
            sum(measure * case when charges.charge_period_start >= episodes.start_date then since_weight else before_weight end), 0
        ) as change,
    from query_table(by_resource) as charges
    inner join episodes
        on coalesce(charges.sub_account_id, charges.billing_account_id, '') = episodes.account_id
        and charges.service_name is not distinct from episodes.service_name
        and charges.billing_currency = episodes.billing_currency
        and charges.charge_period_start between episodes.start_date - 28 and episodes.compared_to
    where
        charges.charge_period_start between first_date - 28 and last_date
        and charges.charge_kind in ('usage', 'unused_commitment')
        and keep
    group by episodes.island, charges.resource_id
),

causes as (
    select
        island,
        arg_max(resource_id, change) as resource_id,
        max(change)::double / nullif(sum(greatest(change, 0)), 0)::double as resource_share,
    from per_resource
    group by island
),

explained as (
    select
        episodes.*,
        sums.cost,
        sums.usual_cost,
        case when causes.resource_share >= 0.5 then causes.resource_id end as resource_id,
        nullif(regexp_extract(causes.resource_id, '/resourcegroups/([^/]+)', 1), '') as x_resource_group_name,
    from episodes
    inner join sums on episodes.island = sums.island
    left join causes on episodes.island = causes.island
),

alike as (
    select *, (account_id, billing_currency, is_lower, coalesce(x_resource_group_name, service_name)) as likeness,
    from explained
),

gaps as (
    select
        *,
        likeness is distinct from lag(likeness) over by_start or start_date - lag(start_date) over by_start > 2 as is_first,
    from alike
    window by_start as (order by likeness, start_date, service_name)
),

grouped as (
    select *, count(*) filter (where is_first) over (order by likeness, start_date, service_name rows between unbounded preceding and current row) as cause,
    from gaps
)

select
    left(md5(concat_ws('|', any_value(account_id), any_value(billing_currency), min(service_name), any_value(is_lower), min(start_date))), 12) as anomaly_id,
    any_value(sub_account_id) as sub_account_id,
    any_value(billing_account_id) as billing_account_id,
    string_agg(service_name, ', ' order by service_name) as service_names,
    case when count(distinct resource_id) = 1 and count(resource_id) = count(*) then any_value(resource_id) end as resource_id,
    any_value(x_resource_group_name) as x_resource_group_name,
    arg_max(anomaly_kind, abs(cost - usual_cost)) as anomaly_kind,
    min(start_date) as start_date,
    max(end_date) as end_date,
    bool_or(is_ongoing) as is_ongoing,
    any_value(billing_currency) as billing_currency,
    sum(cost) as cost,
    sum(usual_cost) as usual_cost,
    sum(cost - usual_cost) as impact,
    case
        when abs(sum(cost - usual_cost)) >= 100 * min_cost then 'high'
        when abs(sum(cost - usual_cost)) >= 10 * min_cost then 'medium'
        else 'low'
    end as severity,
from grouped
group by cause
