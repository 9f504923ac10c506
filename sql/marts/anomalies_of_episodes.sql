-- What cost more, or vanished, against what is usual: one row per cause, with its money.
-- grain: one row per subscription (or billing account, for charges without one), billing currency, direction and cause (a resource, a resource group or a service)
-- source: flagged days of a service at most a week apart are one anomaly; anomalies of one resource group that start
--   within two days of each other have one cause
-- base_of: marts.cost_anomalies
-- parameters:
--   episodes: Name of what marts.cost_episodes gave, such as that of a WITH.
--   changes: Name of what marts.episode_changes or marts.episode_changes_by_month gave.
--   min_cost := 10: Money a day, in the billing currency, below which nothing is said; it sets the severity here.
-- example: (with episodes as (from marts.cost_episodes(charges.effective_cost, date '2026-10-20', date '2026-11-19')), changes as (from marts.episode_changes('episodes', charges.effective_cost, date '2026-10-20', date '2026-11-19')) from marts.anomalies_of_episodes('episodes', 'changes'))
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
with causes as (
    select
        island,
        arg_max(resource_id, change) as resource_id,
        max(change)::double / nullif(sum(greatest(change, 0)), 0)::double as resource_share,
    from query_table(changes)
    group by island
),

explained as (
    select
        episodes.*,
        case when causes.resource_share >= 0.5 then causes.resource_id end as resource_id,
        nullif(regexp_extract(causes.resource_id, '/resourcegroups/([^/]+)', 1), '') as x_resource_group_name,
    from query_table(episodes) as episodes
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
