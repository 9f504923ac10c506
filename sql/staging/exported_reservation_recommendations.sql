-- Recommended reservations by files of exports, with normalised ids.
-- grain: one row per export, month, size, region, scope, term and look-back period
-- columns:
--   x_scope_id: The export (its resource id), or the address of its folder or file.
--   exported_month: First day of the calendar month that the export is about.
--   loaded_at: Instant of the load (UTC).
select
    _scope_id as x_scope_id,
    _month as exported_month,
    sku,
    location,
    scope,
    term,
    look_back_period,
    lower(resource_type) as resource_type,
    lower(meter_id) as meter_id,
    lower(subscription_id) as subscription_id,
    recommended_quantity,
    recommended_quantity_normalized,
    normalized_size,
    instance_flexibility_group,
    instance_flexibility_ratio,
    cost_with_no_reserved_instances,
    total_cost_with_reserved_instances,
    net_savings,
    first_usage_date,
    sku_properties,
    _loaded_at as loaded_at,
from raw.exported_reservation_recommendations
