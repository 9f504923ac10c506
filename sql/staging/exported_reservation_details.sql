-- Use of reservations by files of exports, with normalised ids.
-- grain: one row per export, UTC day, reservation, size and resource
-- columns:
--   x_scope_id: The export (its resource id), or the address of its folder or file.
--   exported_month: First day of the calendar month that the export is about.
--   loaded_at: Instant of the load (UTC).
select
    _scope_id as x_scope_id,
    _month as exported_month,
    usage_date,
    lower(reservation_order_id) as reservation_order_id,
    lower(reservation_id) as reservation_id,
    sku_name,
    kind,
    lower(instance_id) as instance_id,
    instance_flexibility_group,
    instance_flexibility_ratio,
    reserved_hours,
    used_hours,
    total_reserved_quantity,
    _loaded_at as loaded_at,
from raw.exported_reservation_details
