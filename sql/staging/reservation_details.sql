-- Which resource used each reservation, by day.
-- grain: one row per scope, reservation, resource and day
-- columns:
--   x_scope_id: Scope that was asked.
--   usage_date: UTC day.
--   reservation_order_name: Guid of the order.
--   reservation_name: Guid of the reservation.
--   resource_id: Resource that used it, lower case.
--   sku_name: Size that is reserved.
--   reserved_quantity: Units that were paid for.
--   reserved_hours: Hours that were paid for.
--   used_hours: Hours that were used.
--   loaded_at: Instant of the load that brought the row (UTC).
select
    _scope_id as x_scope_id,
    usage_date,
    lower(reservation_order_id) as reservation_order_name,
    lower(reservation_id) as reservation_name,
    lower(resource_id) as resource_id,
    sku_name,
    reserved_quantity,
    reserved_hours,
    used_hours,
    _loaded_at as loaded_at,
from raw.reservation_details
