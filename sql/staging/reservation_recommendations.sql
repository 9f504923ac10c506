-- Reservations Azure recommends; terms and look-backs are alternatives, never to be added.
-- grain: one row per scope and recommendation
-- columns:
--   x_scope_id: Scope that was asked.
--   recommendation_id: Its id, lower case.
--   location: Region, lower case.
--   sku_name: Size to reserve.
--   resource_type: What it covers, lower case.
--   lookback_days: Days looked back on.
--   term: P1Y or P3Y.
--   commitment_scope: single or shared.
--   quantity: Units to buy.
--   meter_id: Meter it covers, lower case.
--   cost_on_demand: Cost of the days without it.
--   cost_committed: Cost of the days with it.
--   net_savings: What it would have saved in those days.
--   currency: Currency of the costs; null where Azure does not say: the billing currency.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    _scope_id as x_scope_id,
    lower(id) as recommendation_id,
    lower(location) as location,
    sku_name,
    lower(resource_type) as resource_type,
    try_cast(regexp_extract(look_back, '[0-9]+') as int) as lookback_days,
    term,
    lower(commitment_scope) as commitment_scope,
    quantity,
    lower(meter_id) as meter_id,
    cost_on_demand,
    cost_committed,
    net_savings,
    currency,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.reservation_recommendations as items
left join meta.last_success as listed on listed.table_name = 'reservation_recommendations' and listed.scope_id = items._scope_id
