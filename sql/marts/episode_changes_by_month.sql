-- By how much the cost of each resource changed in an episode, as marts.episode_changes has it, from running totals of months.
-- grain: one row per episode and resource
-- base_of: marts.cost_anomalies
-- parameters:
--   episodes: Name of what marts.cost_episodes gave, such as that of a WITH.
--   first_date: First day (UTC) of all episodes.
--   last_date: Last day of them.
--   keep := true: Condition on charges, such as charges.service_name = 'Storage'; charges are marts.charge_months.
--   amortized := true: Whether to compare amortized (effective) instead of actual (billed) cost.
-- example: (with episodes as (from marts.cost_episodes(charges.effective_cost, date '2026-10-20', date '2026-11-19')) from marts.episode_changes_by_month('episodes', date '2026-10-20', date '2026-11-19'))
-- like: marts.episode_changes
with months as (
    select
        episodes.island,
        episodes.since_weight,
        episodes.before_weight,
        charges.resource_id,
        charges.charged_days::bigint as days,
        charges.billed_to,
        charges.amortized_to,
        (1::bigint << least(greatest(episodes.start_date - 28 - charges.first_day, 0), 31)) - 1 as earlier,
        (1::bigint << least(greatest(episodes.start_date - charges.first_day, 0), 31)) - 1 as before,
        (1::bigint << least(greatest(episodes.compared_to + 1 - charges.first_day, 0), 31)) - 1 as through,
    from marts.charge_months as charges
    inner join query_table(episodes) as episodes
        on coalesce(charges.sub_account_id, charges.billing_account_id, '') = episodes.account_id
        and charges.service_name is not distinct from episodes.service_name
        and charges.billing_currency = episodes.billing_currency
    where
        charges.first_day between date_trunc('month', first_date - 28)::date and last_date
        and charges.charge_kind in ('usage', 'unused_commitment')
        and keep
),

placed as (
    select
        *,
        bit_count(days & earlier) as earlier_place,
        bit_count(days & before) as before_place,
        bit_count(days & through) as through_place,
    from months
    where days & through & ~earlier > 0
),

summed as (
    select
        island,
        resource_id,
        since_weight,
        before_weight,
        coalesce(billed_to[earlier_place], 0) + case when amortized then coalesce(amortized_to[earlier_place], 0) else 0 end
            as earlier_cost,
        coalesce(billed_to[before_place], 0) + case when amortized then coalesce(amortized_to[before_place], 0) else 0 end
            as before_cost,
        coalesce(billed_to[through_place], 0) + case when amortized then coalesce(amortized_to[through_place], 0) else 0 end
            as through_cost,
    from placed
)

select
    island,
    resource_id,
    sum((through_cost - before_cost) * since_weight + (before_cost - earlier_cost) * before_weight) as change,
from summed
group by island, resource_id
