-- By how much the cost of each resource changed in an episode, from charges.
-- grain: one row per episode and resource
-- base_of: marts.cost_anomalies
-- parameters:
--   episodes: Name of what marts.cost_episodes gave, such as that of a WITH.
--   measure: charges.effective_cost or charges.billed_cost.
--   first_date: First day (UTC) of all episodes.
--   last_date: Last day of them.
--   keep := true: Condition on charges, such as charges.service_name = 'Storage'.
--   source := 'marts.charge_kinds': What to read; 'marts.charges_now' is faster, and has fewer columns.
-- example: (with episodes as (from marts.cost_episodes(charges.effective_cost, date '2026-10-20', date '2026-11-19')) from marts.episode_changes('episodes', charges.effective_cost, date '2026-10-20', date '2026-11-19'))
-- columns:
--   island: Number of the episode.
--   resource_id: Full ARM id, lower case; null for charges without a resource.
--   change: Cost since the start less what as many days of the four weeks before cost, times a number of days that is the same for all resources of an episode.
select
    episodes.island,
    charges.resource_id,
    -- cost a day since it began less that of the four weeks before, times the days of both: decimals are told apart fast
    coalesce(
        sum(measure * case when charges.charge_period_start >= episodes.start_date then since_weight else before_weight end), 0
    ) as change,
from query_table(source) as charges
inner join query_table(episodes) as episodes
    on coalesce(charges.sub_account_id, charges.billing_account_id, '') = episodes.account_id
    and charges.service_name is not distinct from episodes.service_name
    and charges.billing_currency = episodes.billing_currency
    and charges.charge_period_start between episodes.start_date - 28 and episodes.compared_to
where
    charges.charge_period_start between first_date - 28 and last_date
    and charges.charge_kind in ('usage', 'unused_commitment')
    and keep
group by episodes.island, charges.resource_id
