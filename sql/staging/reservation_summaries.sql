-- How each reservation was used, by day.
-- grain: one row per scope, reservation and day
-- columns:
--   x_scope_id: Scope that was asked.
--   usage_date: UTC day.
--   reservation_order_name: Guid of the order.
--   reservation_name: Guid of the reservation.
--   sku_name: Size that is reserved.
--   reserved_hours: Hours that were paid for.
--   used_hours: Hours that were used.
--   average_utilization: Percent used.
--   minimum_utilization: Percent of the worst hour.
--   maximum_utilization: Percent of the best hour.
--   loaded_at: Instant of the load that brought the row (UTC).
select
    _scope_id as x_scope_id,
    usage_date,
    lower(reservation_order_id) as reservation_order_name,
    lower(reservation_id) as reservation_name,
    sku_name,
    reserved_hours,
    used_hours,
    average_utilization,
    minimum_utilization,
    maximum_utilization,
    _loaded_at as loaded_at,
from raw.reservation_summaries
