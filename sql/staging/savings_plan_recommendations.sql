-- Savings plans Azure recommends; terms and look-backs are alternatives, never to be added.
-- grain: one row per scope and recommendation
-- columns:
--   x_scope_id: Scope that was asked.
--   recommendation_id: Its id, lower case.
--   sku_name: Compute_Savings_Plan, ...
--   lookback_days: Days looked back on.
--   term: P1Y or P3Y.
--   commitment_scope: single or shared.
--   commitment_amount: What to commit to, per grain.
--   commitment_grain: hourly.
--   cost_on_demand: Cost of the days without it.
--   cost_committed: Cost of the days with it.
--   savings_amount: What it would have saved in those days.
--   savings_percentage: The same in percent.
--   currency: Currency of the costs.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    _scope_id as x_scope_id,
    lower(id) as recommendation_id,
    sku_name,
    try_cast(regexp_extract(look_back, '[0-9]+') as int) as lookback_days,
    term,
    lower(commitment_scope) as commitment_scope,
    commitment_amount,
    lower(commitment_grain) as commitment_grain,
    cost_on_demand,
    cost_committed,
    savings_amount,
    savings_percentage,
    currency,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.savings_plan_recommendations as items
left join meta.last_success as listed on listed.table_name = 'savings_plan_recommendations' and listed.scope_id = items._scope_id
